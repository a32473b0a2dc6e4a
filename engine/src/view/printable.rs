use super::decoder::Made;

pub(super) fn readings(_text: &str) -> Vec<Made> {
    Vec::new()
}
