//! What holds for every policy and every call, and not only for those of the case files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics is a test that fails"
)]

mod arguments;
mod budgets;
mod monotone;
mod numbers;
mod order;
mod policies;
mod robust;
mod scanning;
mod shells;
