//! Variables that change what programs are found, loaded or run.

/// Variables that no program runs by: what may be set before a command, for it alone.
const HARMLESS: [&str; 16] = [
    "LANG",
    "LANGUAGE",
    "TZ",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "LS_COLORS",
    "GREP_COLORS",
    "GREP_COLOR",
    "BLOCKSIZE",
    "BLOCK_SIZE",
    "TIME_STYLE",
    "CI",
];

/// Variables by which a shell or a program finds, loads or runs something, by their beginnings.
const LOADED: [&str; 68] = [
    "LD_",
    "DYLD_",
    "BASH",
    "GIT_",
    "PYTHON",
    "PERL",
    "RUBY",
    "NODE_",
    "NPM_",
    "npm_",
    "LESS",
    "MAN",
    "GEM_",
    "BUNDLE_",
    "CARGO_",
    "RUST",
    "GO",
    "JAVA",
    "JDK_",
    "_JAVA",
    "CLASSPATH",
    "LUA",
    "PHP",
    "TCL",
    "GCC_",
    "COMPILER_PATH",
    "MAKE",
    "GNUMAKE",
    "APT_",
    "DPKG_",
    "RPM_",
    "RSYNC_",
    "SSH_",
    "CURL_",
    "WGET",
    "TAR_",
    "GREP_OPTIONS",
    "GZIP",
    "ZIPOPT",
    "UNZIP",
    "XZ_",
    "SYSTEMD_",
    "MYSQL",
    "PG",
    "PSQL",
    "EMACS",
    "VIM",
    "EXINIT",
    "SCREEN",
    "TMUX",
    "FZF_",
    "OPENSSL_",
    "GCONV_PATH",
    "LOCPATH",
    "MALLOC_",
    "XDG_",
    "TEX",
    "HG",
    "SVN_",
    "GTK_",
    "QT_",
    "TERMINFO",
    "ZDOTDIR",
    "COMPOSER_",
    "PIP_",
    "GROFF_",
    "HIST",
    "NULLCMD",
];

/// The same, by whole names.
const SPECIAL: [&str; 42] = [
    "PATH",
    "IFS",
    "ENV",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PROMPT_COMMAND",
    "SHELL",
    "SHELLOPTS",
    "CDPATH",
    "HOME",
    "TMPDIR",
    "PAGER",
    "EDITOR",
    "VISUAL",
    "BROWSER",
    "FCEDIT",
    "CC",
    "CXX",
    "CPP",
    "LD",
    "AR",
    "INPUTRC",
    "MAIL",
    "MAILPATH",
    "path",
    "fpath",
    "cdpath",
    "mailpath",
    "module_path",
    "manpath",
    "prompt",
    "READNULLCMD",
    "FPATH",
    "GLOBIGNORE",
    "EXECIGNORE",
    "POSIXLY_CORRECT",
    "OPTIND",
    "ALL_PROXY",
    "TERM",
];

/// Whether a shell sets this variable to pieces of the text that it runs: `$_` is the last word of the
/// command before.
pub(super) fn echoes(name: &str) -> bool {
    const WHOLE: [&str; 11] = [
        "_", "REPLY", "MAPFILE", "COPROC", "OPTARG", "FUNCNAME", "MATCH", "match", "argv", "history",
        "DIRSTACK",
    ];
    WHOLE.contains(&name) || ["BASH_", "ZSH_", "HIST"].iter().any(|start| name.starts_with(start))
}

/// Whether setting this variable may change what runs.
pub(super) fn steers(name: &str) -> bool {
    SPECIAL.contains(&name)
        || LOADED.iter().any(|start| name.starts_with(start))
        || ["PAGER", "EDITOR", "OPTIONS", "OPTS", "_proxy", "_PROXY", "_COMMAND", "_PRELOAD", "PATH"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether a program may be given this variable.
pub(super) fn harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
        || name.starts_with("LC_")
        || (name.bytes().all(|byte| byte.is_ascii_lowercase()) && !steers(name))
}
