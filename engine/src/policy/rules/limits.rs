//! `[limits]`: bounds that a policy may lower, and raise as far as the engine's own.

use crate::limits::Limits;
use crate::policy::keys::{Key, Takes};
use crate::policy::load::{Fields, Loader};

/// The keys of `[limits]`.
pub(in crate::policy) const KEYS: &[Key] = &[
    Key {
        name: "max_bytes",
        takes: Takes::Count,
        about: "Bytes of all keys, strings and numbers together. Default: 1048576; at most 16777216.",
    },
    Key {
        name: "max_depth",
        takes: Takes::Count,
        about: "Levels of nesting; the arguments object is the first. Default: 32; at most 128.",
    },
    Key {
        name: "max_nodes",
        takes: Takes::Count,
        about: "Values and keys, containers included. Default: 50000; at most 1000000.",
    },
    Key {
        name: "max_key_bytes",
        takes: Takes::Count,
        about: "Bytes of one key. Default: 4096; at most 65536.",
    },
];

/// Takes the table `limits`.
pub(super) fn load(fields: &mut Fields<'_>, loader: &mut Loader) -> Limits {
    let defaults = Limits::default();
    let Some(node) = fields.take("limits") else { return defaults };
    let Some(mut table) = loader.table(node, "limits") else { return defaults };
    let mut bound = |key, default, maximum| {
        let span = table.peek(key).and_then(|node| node.span.clone());
        let Some(count) = table.count(key, loader) else { return default };
        if count == 0 || count > maximum {
            let message = format!("{key} must be from 1 to {maximum}, the engine's own bound");
            loader.report(&table.place_of(key), span, message, None);
        }
        count
    };
    let limits = Limits {
        max_bytes: bound("max_bytes", defaults.max_bytes, Limits::MAXIMA.max_bytes),
        max_depth: bound("max_depth", defaults.max_depth, Limits::MAXIMA.max_depth),
        max_nodes: bound("max_nodes", defaults.max_nodes, Limits::MAXIMA.max_nodes),
        max_key_bytes: bound("max_key_bytes", defaults.max_key_bytes, Limits::MAXIMA.max_key_bytes),
    };
    table.finish(loader);
    limits
}
