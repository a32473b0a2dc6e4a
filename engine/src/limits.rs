//! The bounds within which arguments are judged. Past one of them a call is denied.

/// Bounds on the arguments of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all keys, strings and numbers together, in UTF-8, without quotes and escapes.
    pub max_bytes: usize,
    /// Levels of nesting; the arguments object is the first.
    pub max_depth: usize,
    /// Values and keys, containers included.
    pub max_nodes: usize,
    /// Bytes of one key, in UTF-8. A decision repeats the keys that lead to what it is about.
    pub max_key_bytes: usize,
}

impl Limits {
    /// The engine's own bounds: a policy may ask for less, never for more.
    pub const MAXIMA: Self =
        Self { max_bytes: 16 << 20, max_depth: 128, max_nodes: 1_000_000, max_key_bytes: 64 << 10 };
}

impl Default for Limits {
    /// 1 MiB, 32 levels, 50,000 nodes, keys of 4 KiB.
    fn default() -> Self {
        Self { max_bytes: 1 << 20, max_depth: 32, max_nodes: 50_000, max_key_bytes: 4 << 10 }
    }
}
