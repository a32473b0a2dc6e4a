//! Which kinds of bytes stand in a text, 64 bytes at a time, by the widest instructions that the machine has.
//!
//! Every text of every call is asked this. Measured on 100 KB of prose, portable loops that asked it took twice as long as the
//! search for all patterns. That is the one reason for `unsafe` in the workspace, and this crate does nothing else.

/// How many bytes make a block.
pub const BLOCK: usize = 64;
const BLOCKS: usize = 8;
/// How many bytes a word has.
const EIGHT: usize = 8;
/// How many bytes are looked at in one go.
pub const MOST: usize = BLOCK * BLOCKS;

/// A shorter text, as most keys are, is walked in less time than anything else takes to set up.
const SHORT: usize = 16;

/// Up to eight kinds of bytes, each with a bit. A byte is of those in whose row (upper half) and column (lower half) it lies.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    rows: [u8; 16],
    columns: [u8; 16],
    /// Of each byte: what its row and its column share.
    of_byte: [u8; 256],
    floor: u8,
}

/// What stands in up to [`MOST`] bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// The kinds of all bytes together.
    pub kinds: u8,
    /// Of each block: a bit for each byte of ASCII that isn't below the floor, the first byte's the lowest.
    pub high: [u64; BLOCKS],
}

impl Kinds {
    /// Of each half of a byte: the kinds for which it may be that half. And the floor, a byte of ASCII above 0.
    #[must_use]
    pub const fn new(rows: [u8; 16], columns: [u8; 16], floor: u8) -> Self {
        let mut of_byte = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            #[allow(clippy::indexing_slicing, reason = "half a byte is below 16, and a byte below 256")]
            {
                of_byte[byte] = rows[byte >> 4] & columns[byte & 15];
            }
            byte += 1;
        }
        Self { rows, columns, of_byte, floor }
    }

    /// What stands in the first [`MOST`] bytes of a text.
    #[must_use]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "not every machine has these instructions")
    )]
    pub fn look(&self, text: &[u8]) -> Look {
        if text.len() < SHORT {
            return self.look_at_few(text);
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has just said that it has them.
            return unsafe { avx2::look(self, text) };
        }
        self.look_at_each(text)
    }

    /// The same for less than a block.
    fn look_at_few(&self, text: &[u8]) -> Look {
        let mut look = Look::default();
        let [high, ..] = &mut look.high;
        for (place, byte) in text.iter().enumerate() {
            look.kinds |= self.of_byte.get(usize::from(*byte)).copied().unwrap_or_default();
            *high |= u64::from(byte.is_ascii() && *byte >= self.floor) << place;
        }
        look
    }

    /// The same without such instructions. Measured: kinds and floor in loops of their own take a third of the time of one.
    fn look_at_each(&self, text: &[u8]) -> Look {
        let mut look = Look::default();
        for (high, bytes) in look.high.iter_mut().zip(text.chunks(BLOCK)) {
            for byte in bytes {
                look.kinds |= self.of_byte.get(usize::from(*byte)).copied().unwrap_or_default();
            }
            let (eights, rest) = bytes.as_chunks();
            let mut place = 0;
            for eight in eights {
                *high |= self.high_of(*eight) << place;
                place += EIGHT;
            }
            for byte in rest {
                *high |= u64::from(byte.is_ascii() && *byte >= self.floor) << place;
                place += 1;
            }
        }
        look
    }

    /// A bit for each of eight bytes of ASCII that isn't below the floor.
    fn high_of(&self, eight: [u8; EIGHT]) -> u64 {
        const EACH: u64 = 0x0101_0101_0101_0101;
        const TOPS: u64 = EACH << 7;
        let bytes = u64::from_le_bytes(eight);
        // Seven bits and the rest of the way to the top bit: no byte carries into the next one.
        let reached = (bytes & !TOPS) + EACH * u64::from(0x80_u8.saturating_sub(self.floor));
        let high = reached & !bytes & TOPS;
        // Brings the eight bits together in the highest byte.
        (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! 32 bytes at a time (Intel's AVX2, on nearly every machine since 2015).

    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpgt_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };

    use super::{BLOCK, Kinds, Look};

    #[target_feature(enable = "avx2")]
    pub(super) fn look(kinds: &Kinds, text: &[u8]) -> Look {
        let mut look = Look::default();
        let tables = Tables {
            rows: twice(&kinds.rows),
            columns: twice(&kinds.columns),
            below: _mm256_set1_epi8(kinds.floor.wrapping_sub(1).cast_signed()),
        };
        let mut found = _mm256_setzero_si256();
        let (whole, rest) = text.as_chunks::<BLOCK>();
        let mut places = look.high.iter_mut();
        for (bytes, high) in whole.iter().zip(places.by_ref()) {
            *high = look_at_halves(&tables, bytes, &mut found);
        }
        if let (Some(high), Some(first)) = (places.next(), rest.first()) {
            // What fills the block up is of no kind that the text isn't of.
            let mut filled = [*first; BLOCK];
            for (place, byte) in filled.iter_mut().zip(rest) {
                *place = *byte;
            }
            *high = look_at_halves(&tables, &filled, &mut found) & ((1 << rest.len()) - 1);
        }
        look.kinds = joined(found);
        look
    }

    struct Tables {
        rows: __m256i,
        columns: __m256i,
        below: __m256i,
    }

    /// Adds the kinds of a block's bytes to those that were found; which bytes aren't below the floor.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn look_at_halves(tables: &Tables, block: &[u8; BLOCK], found: &mut __m256i) -> u64 {
        let lower_half = _mm256_set1_epi8(15);
        let mut all = 0;
        for (place, bytes) in block.as_chunks().0.iter().enumerate() {
            let bytes = load(bytes);
            let row = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), lower_half);
            let column = _mm256_and_si256(bytes, lower_half);
            let rows = _mm256_shuffle_epi8(tables.rows, row);
            let columns = _mm256_shuffle_epi8(tables.columns, column);
            *found = _mm256_or_si256(*found, _mm256_and_si256(rows, columns));
            let high = _mm256_movemask_epi8(_mm256_cmpgt_epi8(bytes, tables.below)).cast_unsigned();
            all |= u64::from(high) << (place * 32);
        }
        all
    }

    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a load takes a pointer")]
    fn load(bytes: &[u8; 32]) -> __m256i {
        // SAFETY: 32 bytes are there to be read; the load asks for no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    /// A table in both halves of a vector, as its look-up asks.
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a load takes a pointer")]
    fn twice(table: &[u8; 16]) -> __m256i {
        // SAFETY: 16 bytes are there to be read; the load asks for no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
    }

    /// All bytes of a vector in one.
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a store takes a pointer")]
    fn joined(bytes: __m256i) -> u8 {
        let mut words = [0_u64; 4];
        // SAFETY: 32 bytes are there to be written; the store asks for no alignment.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), bytes) };
        words.iter().fold(0, |all, word| all | word).to_le_bytes().iter().fold(0, |all, byte| all | byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, Kinds, Look, MOST};

    /// What a look must see, byte by byte.
    fn walk(rows: [u8; 16], columns: [u8; 16], floor: u8, text: &[u8]) -> Look {
        let mut look = Look::default();
        for (place, byte) in text.iter().take(MOST).enumerate() {
            look.kinds |= rows[usize::from(byte >> 4)] & columns[usize::from(byte & 15)];
            look.high[place / BLOCK] |= u64::from(byte.is_ascii() && *byte >= floor) << (place % BLOCK);
        }
        look
    }

    proptest! {
        #[test]
        fn every_path_sees_what_a_walk_sees(
            rows in any::<[u8; 16]>(),
            columns in any::<[u8; 16]>(),
            floor in 1_u8..0x80,
            text in prop::collection::vec(any::<u8>(), 0..MOST + BLOCK),
        ) {
            let kinds = Kinds::new(rows, columns, floor);
            let seen = walk(rows, columns, floor, &text);
            prop_assert_eq!(kinds.look(&text), seen);
            prop_assert_eq!(kinds.look_at_each(&text), seen);
        }
    }
}
