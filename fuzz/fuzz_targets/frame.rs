//! Any bytes as a frame are read or refused, from either side, alone and in a batch.
#![no_main]

use argala_wire::{Frame, Sender, batch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for sender in [Sender::Host, Sender::Downstream] {
        match Frame::read(bytes, sender) {
            Ok(frame) => assert!(frame.text().len() <= bytes.len()),
            Err(refused) => drop(refused.reply()),
        }
        if let Ok(parts) = batch::split(bytes, sender) {
            for part in parts {
                let _ = Frame::read(part, sender);
            }
        }
    }
});
