//! Programs that speak to a network.

use super::{PLAIN, Program, Reads};

pub(super) const TABLE: &[Program] = &[
    Program {
        names: "curl",
        refuses: "--engine -K --config",
        writes: "-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --libcurl \
                --etag-save --hsts --alt-svc --ssl-sessions -O! --remote-name! --remote-name-all!",
        valued: "AbcCdDeEFhHmoPQrtTuUwxXyYz",
        harmless: "--key-type --cookie --ssl",
        marks: &["%output{"],
        ..PLAIN
    },
    Program {
        names: "wget wget2",
        refuses: "--use-askpass -e --execute --config --post-file --body-file --choose-config",
        writes: "-O --output-document -o --output-file -a --append-output -P --directory-prefix \
                --save-cookies --hsts-file --warc-file --rejected-log",
        valued: "oaitOTwQPUlADIXRB",
        ..PLAIN
    },
    Program {
        names: "aria2c axel",
        refuses: "--on-download --on-bt-download --conf-path --hook",
        marks: &["on-download-"],
        ..PLAIN
    },
    Program {
        names: "scp sftp ssh-copy-id sshfs",
        refuses: "-S -F -D -b -o*command -o*localcommand -o*provider -o*=/ -s",
        valued: "BciJlPRX",
        marks: &[
            "proxycommand",
            "localcommand",
            "knownhostscommand",
            "proxyusefdpass",
            "pkcs11provider",
            "securitykeyprovider",
            "identityagent",
            "include",
        ],
        ..PLAIN
    },
    Program {
        names: "ssh-keygen",
        refuses: "-D -w",
        valued: "abCEFfGIJjKkLlMmNnOPRrsTtVvWYz",
        marks: &["provider"],
        ..PLAIN
    },
    Program { names: "ssh-agent", reads: Reads::AtMost(0), ..PLAIN },
    Program { names: "ssh-add", refuses: "-s -S", ..PLAIN },
    Program {
        names: "nmap",
        writes: "-oN -oX -oG -oS -oA -oM -oH -o",
        refuses: "--script --interactive --datadir --servicedb --versiondb --resume",
        valued: "peiSgDTo",
        harmless: "--script-trace",
        ..PLAIN
    },
    Program {
        names: "nc ncat netcat nc.traditional nc.openbsd",
        refuses: "-e -c --exec --sh-exec --lua-exec",
        writes: "-o --output --hex-dump",
        valued: "ipsqwxXIOPTVm",
        ..PLAIN
    },
    Program { names: "socat", marks: &["exec", "system", "shell"], ..PLAIN },
    Program { names: "telnet rlogin", marks: &["!"], interactive: true, ..PLAIN },
    Program {
        names: "ftp lftp tnftp smbclient",
        refuses: "-c -e --exec",
        marks: &["!", "|"],
        interactive: true,
        ..PLAIN
    },
    Program { names: "tcpdump", refuses: "-z -Z", writes: "-w", valued: "BCcEFGijmMrsTVwWy", ..PLAIN },
    Program {
        names: "tshark wireshark dumpcap",
        refuses: "-X -z*lua",
        writes: "-w",
        valued: "iYfcrwTaboeR",
        marks: &["lua_script"],
        ..PLAIN
    },
    Program {
        names: "openssl",
        refuses: "-engine -provider -provider-path -provider_path -engine_impl \
                -ssl_client_engine -keygen_engine -config",
        writes: "-out -keyout -writerand -outdir -sess_out -keylogfile -msgfile -cacertsout -extracertsout",
        actions: "engine",
        whole_words: true,
        marks: &["dynamic_path", "so_path"],
        ..PLAIN
    },
    Program {
        names: "openvpn",
        refuses: "--up --down --config --plugin --script-security --tls-verify \
                --auth-user-pass-verify --client-connect --ipchange --learn-address --route-up",
        ..PLAIN
    },
    Program {
        names: "ip",
        refuses: "-b -batch --batch -force",
        actions: "netns exec;netns e;netn exec;net exec;ne exec;netns ex;netns exe;net e;vrf \
                exec;vrf e;vrf ex",
        whole_words: true,
        ..PLAIN
    },
    Program { names: "ss", refuses: "-K --kill -D --diag", valued: "fAFN", ..PLAIN },
    Program {
        names: "ping ping6 dig host nslookup traceroute tracepath mtr arp ifconfig netstat route",
        harmless: "--load",
        ..PLAIN
    },
    Program {
        names: "mail mailx s-nail heirloom-mailx bsd-mailx",
        refuses: "--exec -X -Y -S -:",
        valued: "abcrsu",
        marks: &["~!", "~|", "~:", "~<!", "~x"],
        interactive: true,
        ..PLAIN
    },
    Program { names: "mutt neomutt alpine", refuses: "-F -e -Q -D", valued: "abcfHims", ..PLAIN },
    Program {
        names: "sendmail msmtp exim",
        refuses: "-C -D -be -O -X --file --passwordeval",
        valued: "fF",
        ..PLAIN
    },
    Program { names: "dnsmasq", refuses: "--dhcp-script -6 -C --conf-file --conf-script", ..PLAIN },
    Program {
        names: "docker podman nerdctl kubectl oc vagrant",
        refuses: "^--config --kubeconfig",
        writes: "save:-o save:--output export:-o export:--output build:-o build:--output",
        actions: "exec;run;cp;container exec;container run;container cp;compose exec;compose run;\
                compose cp;debug;ssh;edit;attach;rsh;rsync;plugin install;plugin enable",
        ..PLAIN
    },
    Program {
        names: "helm",
        refuses: "--post-renderer --kubeconfig",
        actions: "plugin install;plugin update",
        ..PLAIN
    },
    Program {
        names: "http https xh xhs httpie",
        writes: "-o --output -d! --download!",
        valued: "aApsP",
        ..PLAIN
    },
    Program { names: "lynx", refuses: "-cfg -cmd_script -cmd_log -editor", whole_words: true, ..PLAIN },
    Program { names: "w3m", refuses: "-config -o", whole_words: true, ..PLAIN },
    Program { names: "links elinks", refuses: "-eval -config-dir", whole_words: true, ..PLAIN },
    Program { names: "iptables ip6tables iptables-save ip6tables-save", refuses: "-M --modprobe", ..PLAIN },
    Program { names: "dhclient", refuses: "-sf -cf", whole_words: true, ..PLAIN },
];
