//! Programs that handle sources: version control, compilers, debuggers, build tools, interpreters.

use super::{PLAIN, Program, Reads};

/// How code in an interpreter's language starts another program.
#[rustfmt::skip]
const STARTS: &[&str] = &[
    "/bin/", "system(", "system (", "system \"", "system '", "exec(", "exec (", "exec \"", "exec '",
    "exec sh", "execl", "execv", "execfile", "popen", "spawn", "subprocess", "child_process", "passthru",
    "pcntl", "proc_open", "os.execute", "os:cmd", "sys.command", "sys.process", "system.process",
    "system.cmd", "callcommand", "run-shell-command", "run-program", "run(`", "`", "open3", "open2",
    "%x", "qx", "\"|", "'|", "|-", "shell script", "start-process", "invoke-expression", "iex ", "pty.",
    "ctypes", "dlopen", "import(\"os", "__import__", "getattr(", "fork", "socket", "load(", "eval",
];

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "git",
        refuses: "^-c ^-p --paginate --config-env --exec-path= --upload-pack --receive-pack \
                --ext-diff --open-files-in-pager --extcmd --exec clone:-c --config --template \
                --smtp-server --sendmail-cmd --to-cmd --cc-cmd --header-cmd grep:-O rebase:-x \
                difftool:-x clone:-u ls-remote:-u --upload-archive --server-option --gpg-program \
                --index-filter --tree-filter --msg-filter --env-filter --commit-filter \
                --tag-name-filter --parent-filter --setup --help --textconv --edit-description",
        writes: "--output --output-directory archive:-o format-patch:-o",
        valued: "Cm",
        harmless: "",
        actions: "bisect run;submodule foreach;filter-branch;hook run;shell;daemon;instaweb;\
                web--browse;for-each-repo;cvsserver;help;lfs standalone;credential-store",
        marks: &["ext::", "-oproxycommand", "--upload-pack", "fd::"],
        reads: Reads::Git,
        ..PLAIN
    },
    Program {
        names: "hg",
        refuses: "--config --config-file -e --ssh --remotecmd",
        writes: "export:-o cat:-o --output",
        marks: &["shell:", "!"],
        ..PLAIN
    },
    Program {
        names: "svn svnadmin",
        refuses: "--diff-cmd --diff3-cmd --editor-cmd --config-option --config-dir",
        ..PLAIN
    },
    Program {
        names: "make gmake bmake remake",
        refuses: "--eval -E",
        valued: "CfIjloW",
        reads: Reads::Make,
        harmless: "--load-average",
        ..PLAIN
    },
    Program {
        names: "cmake ctest",
        refuses: "-P -E",
        valued: "BSDGTAUC",
        marks: &["execute_process"],
        ..PLAIN
    },
    Program { names: "ninja meson scons ant gradle mvn", actions: "", ..PLAIN },
    Program {
        names: "gcc cc g++ c++ cpp clang clang++ c89 c99 gfortran x86_64-linux-gnu-gcc",
        refuses: "-wrapper -B* -specs* --specs -fplugin* -iplugindir* -fpass-plugin* -load \
                -Xclang -fuse-ld* --ld-path @*",
        whole_words: true,
        ..PLAIN
    },
    Program { names: "ld gold ld.bfd ld.lld", refuses: "-plugin --plugin @*", whole_words: true, ..PLAIN },
    Program { names: "as", refuses: "@*", whole_words: true, ..PLAIN },
    Program {
        names: "javac",
        refuses: "-processor -processorpath -processor-path -processor-module-path -J* @*",
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "eslint",
        refuses: "-c --config --rulesdir --parser --resolve-plugins-relative-to --fix",
        writes: "-o --output-file",
        harmless: "--parser-options --fix-dry-run",
        ..PLAIN
    },
    Program { names: "tcc", refuses: "-run -B*", whole_words: true, ..PLAIN },
    Program { names: "rustc", refuses: "", marks: &["linker="], ..PLAIN },
    Program {
        names: "go",
        refuses: "-toolexec -exec",
        actions: "run;generate;tool",
        whole_words: true,
        ..PLAIN
    },
    Program {
        names: "gdb lldb cgdb",
        refuses: "-ex -eval-command -iex -init-eval-command -x -command -ix -init-command \
                -ix* -o -O -s -S -k --source --source-before-file --one-line --one-line-before-file \
                --data-directory -P",
        marks: &["!", "shell ", "python "],
        whole_words: true,
        interactive: true,
        ..PLAIN
    },
    Program { names: "dtrace bpftrace", refuses: "-c -w --unsafe", marks: &["system("], ..PLAIN },
    Program {
        names: "python ipython bpython pypy perl ruby irb pry node nodejs deno bun php lua \
                luajit tclsh wish expect guile julia R Rscript octave ghci runghc java jshell \
                groovy scala kotlin elixir iex erl swift racket clisp sbcl osascript pwsh \
                powershell gjs jjs jrunscript rake ocaml gimp pdb octave-cli slsh dotnet ghc",
        marks: STARTS,
        reads: Reads::Code,
        ..PLAIN
    },
];
