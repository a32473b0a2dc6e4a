//! Which kinds of bytes stand in a text, and the text in small letters, 64 bytes at a time, by the widest instructions that the
//! machine has.
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

/// How many high bytes make a row that counts.
pub const ROW: usize = 16;

/// A shorter text, as most keys are, is walked in less time than anything else takes to set up.
const SHORT: usize = 16;

/// What isn't of any kind but below a space.
const CONTROL: u16 = 1 << 8;

/// Up to eight kinds of bytes, each with a bit. A byte is of those in whose row (upper half) and column (lower half) it lies.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    rows: [u8; 16],
    columns: [u8; 16],
    /// Of each byte: what its row and its column share, and whether it is a control character.
    of_byte: [u16; 256],
    floor: u8,
}

/// What stands in up to [`MOST`] bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// The kinds of all bytes together.
    pub kinds: u8,
    /// Of each block: a bit for each byte of ASCII that isn't below the floor, the first byte's the lowest.
    pub high: [u64; BLOCKS],
    /// Whether some byte is below a space.
    pub control: bool,
}

impl Kinds {
    /// Of each half of a byte: the kinds for which it may be that half. And the floor, a byte of ASCII above 0.
    #[must_use]
    pub const fn new(rows: [u8; 16], columns: [u8; 16], floor: u8) -> Self {
        let mut of_byte = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let control = if byte < b' ' as usize { CONTROL } else { 0 };
            #[allow(clippy::indexing_slicing, reason = "half a byte is below 16, and a byte below 256")]
            {
                of_byte[byte] = (rows[byte >> 4] & columns[byte & 15]) as u16 | control;
            }
            byte += 1;
        }
        Self { rows, columns, of_byte, floor }
    }

    /// What stands in the first [`MOST`] bytes of a text.
    #[must_use]
    pub fn look(&self, text: &[u8]) -> Look {
        self.look_with::<false>(text, &mut Vec::new())
    }

    /// The same, and adds these bytes to `folded`, capitals of ASCII as small letters. Measured: both in one go take little
    /// longer than either.
    #[must_use]
    pub fn look_and_fold(&self, text: &[u8], folded: &mut Vec<u8>) -> Look {
        self.look_with::<true>(text, folded)
    }

    #[inline]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "not every machine has these instructions")
    )]
    fn look_with<const FOLDS: bool>(&self, text: &[u8], folded: &mut Vec<u8>) -> Look {
        let text = text.get(..MOST).unwrap_or(text);
        #[cfg(target_arch = "x86_64")]
        if text.len() >= SHORT && is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has just said that it has them.
            return unsafe { avx2::look::<FOLDS>(self, text, folded) };
        }
        self.look_portably::<FOLDS>(text, folded)
    }

    /// The same without such instructions.
    fn look_portably<const FOLDS: bool>(&self, text: &[u8], folded: &mut Vec<u8>) -> Look {
        if FOLDS {
            folded.extend(text.iter().map(u8::to_ascii_lowercase));
        }
        if text.len() < SHORT { self.look_at_few(text) } else { self.look_at_each(text) }
    }

    /// The same for less than a block.
    fn look_at_few(&self, text: &[u8]) -> Look {
        let (mut seen, mut look) = (0, Look::default());
        let [high, ..] = &mut look.high;
        for (place, byte) in text.iter().enumerate() {
            seen |= self.of_byte.get(usize::from(*byte)).copied().unwrap_or_default();
            *high |= u64::from(byte.is_ascii() && *byte >= self.floor) << place;
        }
        look.with_kinds(seen)
    }

    /// The same for more. Measured: kinds and floor in loops of their own take a third of the time of one.
    fn look_at_each(&self, text: &[u8]) -> Look {
        let (mut seen, mut look) = (0, Look::default());
        for (high, bytes) in look.high.iter_mut().zip(text.chunks(BLOCK)) {
            for byte in bytes {
                seen |= self.of_byte.get(usize::from(*byte)).copied().unwrap_or_default();
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
        look.with_kinds(seen)
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

/// What lies in a row over the bytes of a look, and over those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// Whether [`ROW`] high bytes do.
    pub high: bool,
    /// Whether two bytes do that aren't high.
    pub low: bool,
}

impl Look {
    /// What stands before a text, as `before` of [`rows`](Self::rows): one byte that is high.
    pub const NOTHING: u64 = 1 << (BLOCK - 1);

    /// What lies in rows, where the look was at `length` bytes and `before` has the bits of the block before those. Measured:
    /// over all blocks at once this takes a third of the time that it takes for one after the other.
    #[must_use]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "not every machine has these instructions")
    )]
    pub fn rows(&self, before: u64, length: usize) -> Rows {
        #[cfg(target_arch = "x86_64")]
        if length >= MOST && is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has just said that it has them.
            return unsafe { avx2::rows(&self.high, before) };
        }
        rows_in(&self.high, before, length)
    }

    /// The bits of the last block that a look has.
    #[must_use]
    pub fn last(&self) -> u64 {
        let [.., last] = self.high;
        last
    }

    /// With what the table says of all bytes together.
    fn with_kinds(self, seen: u16) -> Self {
        let [kinds, ..] = seen.to_le_bytes();
        Self { kinds, control: seen & CONTROL != 0, ..self }
    }
}

#[inline]
fn rows_in(blocks: &[u64; BLOCKS], mut before: u64, length: usize) -> Rows {
    let (mut long, mut pairs) = (0, 0);
    for (at, high) in blocks.iter().enumerate().take(length.div_ceil(BLOCK)) {
        let looked_at = if at == length / BLOCK { (1 << (length % BLOCK)) - 1 } else { u64::MAX };
        // A row that lies over both blocks has less than its length in either.
        long |= long_in(*high) | long_in(high << (ROW - 1) | before >> (BLOCK - ROW + 1));
        let low = !high & looked_at;
        pairs |= low & (low << 1 | !before >> (BLOCK - 1));
        before = *high;
    }
    Rows { high: long != 0, low: pairs != 0 }
}

/// Not 0 where [`ROW`] bits lie in a row.
#[inline]
fn long_in(bits: u64) -> u64 {
    let two = bits & bits >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    eight & eight >> 8
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! 32 bytes at a time (Intel's AVX2, on nearly every machine since 2015).

    use std::arch::x86_64::{
        __m256i, _mm_cvtsi128_si64, _mm_extract_epi64, _mm_loadu_si128, _mm_or_si128, _mm256_add_epi8,
        _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi8,
        _mm256_cmpgt_epi8, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_max_epu8, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
        _mm256_srli_epi16, _mm256_storeu_si256,
    };

    use super::{BLOCK, BLOCKS, Kinds, Look, MOST, Rows, rows_in};

    /// At a text of up to `MOST` bytes; and adds it to `folded` where it `FOLDS`.
    #[target_feature(enable = "avx2")]
    pub(super) fn look<const FOLDS: bool>(kinds: &Kinds, text: &[u8], folded: &mut Vec<u8>) -> Look {
        let mut look = Look::default();
        let tables = Tables {
            rows: twice(&kinds.rows),
            columns: twice(&kinds.columns),
            below: _mm256_set1_epi8(kinds.floor.wrapping_sub(1).cast_signed()),
        };
        let mut seen = Seen { kinds: _mm256_setzero_si256(), least: _mm256_set1_epi8(-1) };
        let (whole, rest) = text.as_chunks::<BLOCK>();
        let mut places = look.high.iter_mut();
        if FOLDS {
            folded.reserve(text.len());
        }
        for (bytes, high) in whole.iter().zip(places.by_ref()) {
            let mut small = [0; BLOCK];
            *high = look_at_halves::<FOLDS>(&tables, bytes, &mut small, &mut seen);
            if FOLDS {
                folded.extend_from_slice(&small);
            }
        }
        if let (Some(high), Some(first)) = (places.next(), rest.first()) {
            // What fills the block up is of no kind that the text isn't of.
            let mut filled = [*first; BLOCK];
            for (place, byte) in filled.iter_mut().zip(rest) {
                *place = *byte;
            }
            let mut small = [0; BLOCK];
            *high =
                look_at_halves::<FOLDS>(&tables, &filled, &mut small, &mut seen) & ((1 << rest.len()) - 1);
            if FOLDS {
                folded.extend_from_slice(small.get(..rest.len()).unwrap_or_default());
            }
        }
        look.kinds = joined(seen.kinds);
        let space = _mm256_set1_epi8(b' '.cast_signed());
        let printable = _mm256_cmpeq_epi8(_mm256_max_epu8(seen.least, space), seen.least);
        look.control = _mm256_movemask_epi8(printable) != -1;
        look
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn rows(blocks: &[u64; BLOCKS], before: u64) -> Rows {
        rows_in(blocks, before, MOST)
    }

    struct Tables {
        rows: __m256i,
        columns: __m256i,
        below: __m256i,
    }

    /// What stands in the blocks so far, in each of 32 columns.
    struct Seen {
        kinds: __m256i,
        least: __m256i,
    }

    /// Adds what a block's bytes are to what was seen; which of them aren't below the floor. And the block in small letters.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn look_at_halves<const FOLDS: bool>(
        tables: &Tables,
        block: &[u8; BLOCK],
        small: &mut [u8; BLOCK],
        seen: &mut Seen,
    ) -> u64 {
        let lower_half = _mm256_set1_epi8(15);
        let mut all = 0;
        for (place, bytes) in block.as_chunks().0.iter().enumerate() {
            let bytes = load(bytes);
            let row = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), lower_half);
            let column = _mm256_and_si256(bytes, lower_half);
            let rows = _mm256_shuffle_epi8(tables.rows, row);
            let columns = _mm256_shuffle_epi8(tables.columns, column);
            seen.kinds = _mm256_or_si256(seen.kinds, _mm256_and_si256(rows, columns));
            seen.least = _mm256_min_epu8(seen.least, bytes);
            let high = _mm256_movemask_epi8(_mm256_cmpgt_epi8(bytes, tables.below)).cast_unsigned();
            all |= u64::from(high) << (place * 32);
            if FOLDS && let Some(half) = small.as_chunks_mut().0.get_mut(place) {
                store(half, fold(bytes));
            }
        }
        all
    }

    /// Capitals of ASCII as small letters.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn fold(bytes: __m256i) -> __m256i {
        // Moves the capitals to the upper end of what a signed byte can be, where one comparison tells them from others.
        let moved = _mm256_add_epi8(bytes, _mm256_set1_epi8((i8::MAX as u8 - b'Z').cast_signed()));
        let capital = _mm256_cmpgt_epi8(moved, _mm256_set1_epi8(i8::MAX - 26));
        _mm256_or_si256(bytes, _mm256_and_si256(capital, _mm256_set1_epi8(0x20)))
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

    #[inline]
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a store takes a pointer")]
    fn store(place: &mut [u8; 32], bytes: __m256i) {
        // SAFETY: 32 bytes are there to be written; the store asks for no alignment.
        unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), bytes) };
    }

    /// All bytes of a vector in one.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn joined(vector: __m256i) -> u8 {
        let both = _mm_or_si128(_mm256_castsi256_si128(vector), _mm256_extracti128_si256::<1>(vector));
        let word = (_mm_cvtsi128_si64(both) | _mm_extract_epi64::<1>(both)).cast_unsigned();
        let half = word | word >> 32;
        let quarter = half | half >> 16;
        (quarter | quarter >> 8).to_le_bytes()[0]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, Kinds, Look, MOST, ROW, rows_in};

    /// What a look must see, byte by byte.
    fn walk(rows: [u8; 16], columns: [u8; 16], floor: u8, text: &[u8]) -> Look {
        let mut look = Look::default();
        for (place, byte) in text.iter().take(MOST).enumerate() {
            look.kinds |= rows[usize::from(byte >> 4)] & columns[usize::from(byte & 15)];
            look.high[place / BLOCK] |= u64::from(byte.is_ascii() && *byte >= floor) << (place % BLOCK);
            look.control |= *byte < b' ';
        }
        look
    }

    /// Whether each path sees this, and folds what it looks at.
    fn assert_seen(kinds: &Kinds, text: &[u8], seen: Look) {
        const BEFORE: &[u8] = b"WHAT was there";
        let looked_at = &text[..text.len().min(MOST)];
        let small = [BEFORE, &looked_at.to_ascii_lowercase()].concat();
        let (mut wide, mut portable) = (BEFORE.to_vec(), BEFORE.to_vec());
        assert_eq!(kinds.look(text), seen, "{text:?}");
        assert_eq!(kinds.look_and_fold(text, &mut wide), seen, "{text:?}");
        assert_eq!(kinds.look_portably::<true>(looked_at, &mut portable), seen, "{text:?}");
        assert_eq!(kinds.look_portably::<false>(looked_at, &mut Vec::new()), seen, "{text:?}");
        assert_eq!((&wide, &portable), (&small, &small), "{text:?}");
    }

    /// Kinds that tell most bytes from one another.
    const ROWS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 3, 5, 9, 17, 33, 65, 129, 255];
    const COLUMNS: [u8; 16] = [255, 254, 253, 251, 247, 239, 223, 191, 127, 1, 2, 4, 8, 16, 32, 64];

    #[test]
    fn every_byte_is_seen_in_text_of_every_length() {
        let kinds = Kinds::new(ROWS, COLUMNS, b'+');
        for length in 1..=200 {
            for byte in 0..=u8::MAX {
                let mut text = vec![b'5'; length];
                text[usize::from(byte) * 7 % length] = byte;
                assert_seen(&kinds, &text, walk(ROWS, COLUMNS, b'+', &text));
            }
        }
        assert_seen(&kinds, b"", Look::default());
    }

    proptest! {
        #[test]
        fn every_row_is_found(
            text in prop::collection::vec(prop_oneof![9 => Just(b'a'), 1 => Just(b' ')], 1..=MOST),
            before in prop_oneof![any::<u64>(), Just(u64::MAX), Just(Look::NOTHING)],
        ) {
            let look = Kinds::new(ROWS, COLUMNS, b'+').look(&text);
            let high: Vec<bool> = (0..BLOCK).map(|place| before >> place & 1 == 1)
                .chain(text.iter().map(|byte| *byte == b'a')).collect();
            let ends_here = |length: usize, which: bool| (BLOCK + 1..=high.len())
                .any(|end| high[end - length..end].iter().all(|bit| *bit == which));
            let rows = look.rows(before, text.len());
            prop_assert_eq!(rows, rows_in(&look.high, before, text.len()));
            prop_assert_eq!((rows.high, rows.low), (ends_here(ROW, true), ends_here(2, false)));
        }

        #[test]
        fn every_path_sees_what_a_walk_sees(
            rows in any::<[u8; 16]>(),
            columns in any::<[u8; 16]>(),
            floor in 1_u8..0x80,
            text in prop::collection::vec(any::<u8>(), 0..MOST + BLOCK),
        ) {
            assert_seen(&Kinds::new(rows, columns, floor), &text, walk(rows, columns, floor, &text));
        }
    }
}
