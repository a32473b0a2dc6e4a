//! `[limits]`: bounds that a policy may lower, and raise as far as the engine's own.

use crate::limits::Limits;
use crate::policy::load::{Fields, Loader};

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
