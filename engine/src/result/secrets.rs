//! The secrets that a policy can name. Each has a form of its own, so that plain text is hardly ever taken for one.

use super::detector::Check;

/// One kind of secret.
pub(crate) struct Secret {
    /// As a policy names it, and as it stands in the place of what was found.
    pub(crate) name: &'static str,
    /// How it is written. Where there is a group `secret`, that alone goes.
    pub(crate) expression: &'static str,
    pub(crate) check: Check,
    /// Whether [`ALL`] means it, too.
    pub(crate) of_all: bool,
}

/// Means every kind whose form is nobody else's.
pub(crate) const ALL: &str = "all";

/// What `secrets` may list.
pub(crate) const NAMES: &[&str] = &[
    ALL,
    "anthropic-key",
    "aws-access-key",
    "aws-secret-key",
    "card-number",
    "github-token",
    "gitlab-token",
    "google-api-key",
    "jwt",
    "npm-token",
    "openai-key",
    "private-key",
    "pypi-token",
    "slack-token",
    "stripe-key",
    "url-password",
];

/// Every kind.
pub(crate) const SECRETS: &[Secret] = &[
    plain("anthropic-key", r"(?-u:\b)sk-ant-[a-z]{2,12}[0-9]{2}-[A-Za-z0-9_-]{20,250}"),
    plain("aws-access-key", r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?-u:\b)"),
    // Forty letters are nothing by themselves: their name must stand before them.
    plain(
        "aws-secret-key",
        r#"(?i:secret_?access_?key)["'\\]{0,4}\s{0,4}[:=>]\s{0,4}["'\\]{0,4}(?<secret>[A-Za-z0-9/+]{40})"#,
    ),
    // Visa, Mastercard, Discover, American Express, Diners Club: many another number is written so.
    Secret {
        name: "card-number",
        expression: concat!(
            r"(?-u:\b)(?:",
            r"(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|65[0-9]{2}|64[4-9][0-9])(?:[ -]?[0-9]{4}){3}",
            r"|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}",
            r"|3(?:0[0-5]|[689][0-9])[0-9][ -]?[0-9]{6}[ -]?[0-9]{4}",
            r")(?-u:\b)"
        ),
        check: Check::Luhn,
        of_all: false,
    },
    plain("github-token", r"gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    plain(
        "gitlab-token",
        r"(?-u:\b)gl(?:agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|soat)-[A-Za-z0-9_-]{20,250}(?:\.[A-Za-z0-9_-]{1,20}){0,3}",
    ),
    plain("google-api-key", r"(?-u:\b)AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}"),
    plain("jwt", r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    plain("npm-token", r"npm_[A-Za-z0-9]{36}"),
    plain(
        "openai-key",
        r"(?-u:\b)sk-(?:(?:admin|proj|svcacct)-[A-Za-z0-9_-]{20,250}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})",
    ),
    Secret {
        name: "private-key",
        expression: r"-----BEGIN (?:[A-Z0-9]{1,10} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        check: Check::Block,
        of_all: true,
    },
    plain("pypi-token", r"pypi-AgE[A-Za-z0-9_-]{50,500}"),
    plain(
        "slack-token",
        r"xox[abceoprs]-[A-Za-z0-9-]{10,250}|xapp-[0-9]-[A-Za-z0-9-]{20,250}|hooks\.slack\.com/(?:services|triggers|workflows)/(?<secret>[A-Za-z0-9+/]{30,120})",
    ),
    plain(
        "stripe-key",
        r"(?-u:\b)[rs]k_(?:live|prod|test)_[A-Za-z0-9]{16,250}|(?-u:\b)whsec_[A-Za-z0-9+/=]{32,100}",
    ),
    // What begins with `$`, `{`, `[`, `*` or `<` is where a password goes, and none.
    plain(
        "url-password",
        r#"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/?\#@:"'<>]*:(?<secret>[^\s/?\#@"'<>\[{$*][^\s/?\#@"'<>]*)@"#,
    ),
];

const fn plain(name: &'static str, expression: &'static str) -> Secret {
    Secret { name, expression, check: Check::Nothing, of_all: true }
}
