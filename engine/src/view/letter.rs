//! What is known of a character beyond ASCII: its plain form, and the ASCII that it looks like.
//!
//! The Unicode tables are searched once for each page of 256 characters that a text comes from, not for each character: prose
//! is read at the speed of a lookup.

use std::sync::OnceLock;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_security::skeleton;

/// One character.
#[derive(Debug)]
pub(super) struct Letter {
    plain: Form,
    /// As it stands first, and as a small letter first.
    alike: [Option<Box<str>>; 2],
}

/// A character in plain ones.
#[derive(Debug)]
pub(super) enum Form {
    Letter(char),
    Mark(char),
    /// Each with whether it is a mark. Empty for what shows nothing.
    Parts(Box<[(char, bool)]>),
}

const PAGE: u32 = 256;
/// Beyond these pages lie ideographs, tags and private characters: what is asked about there isn't kept.
const PAGES: usize = 0x200;

static KNOWN: [OnceLock<Box<[Letter]>>; PAGES] = [const { OnceLock::new() }; PAGES];

/// Looks a character up.
pub(super) fn with(character: char, mut told: impl FnMut(&Letter)) {
    let code = u32::from(character);
    let page = usize::try_from(code / PAGE).ok().and_then(|page| KNOWN.get(page));
    let letter = page.and_then(|page| {
        let page = page.get_or_init(|| page_of(code - code % PAGE));
        page.get(usize::try_from(code % PAGE).ok()?)
    });
    match letter {
        Some(letter) => told(letter),
        None => told(&Letter::of(character)),
    }
}

fn page_of(first: u32) -> Box<[Letter]> {
    let letter = |code| Letter::of(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    (first..first + PAGE).map(letter).collect()
}

impl Letter {
    fn of(character: char) -> Self {
        Self {
            plain: form_of(character),
            alike: [false, true].map(|small_first| look(character, small_first)),
        }
    }

    pub(super) fn plain(&self) -> &Form {
        &self.plain
    }

    /// The ASCII that it looks like. Capital Nu looks like `N`, and small nu like `v`, so that either may come first.
    pub(super) fn alike(&self, small_first: bool) -> Option<&str> {
        self.alike.get(usize::from(small_first))?.as_deref()
    }
}

/// Its compatibility form, in one case.
fn form_of(character: char) -> Form {
    if let Some(letter) = enclosed(character) {
        return Form::Letter(letter);
    }
    let mut parts = Vec::new();
    if !is_hidden(character) {
        decompose_compatible(character, |part| match part {
            part if is_hidden(part) => {}
            part if part.is_ascii() => parts.push((part, false)),
            '\u{85}' | '\u{2028}' | '\u{2029}' => parts.push(('\n', false)),
            part if part.is_whitespace() => parts.push((' ', false)),
            part if is_combining_mark(part) => parts.push((part, true)),
            // The full folding of case: capital and small letters of either end as the same.
            part => {
                parts.extend(part.to_uppercase().flat_map(char::to_lowercase).map(|folded| (folded, false)))
            }
        });
    }
    match parts.as_slice() {
        [(letter, false)] => Form::Letter(*letter),
        [(mark, true)] => Form::Mark(*mark),
        _ => Form::Parts(parts.into()),
    }
}

/// Enclosed letters that have no compatibility form: the first of a row, its last, and the letter of the first.
const ENCLOSED: [(char, char, u8); 6] = [
    ('\u{249C}', '\u{24B5}', b'a'),
    ('\u{1F110}', '\u{1F129}', b'A'),
    ('\u{1F130}', '\u{1F149}', b'A'),
    ('\u{1F150}', '\u{1F169}', b'A'),
    ('\u{1F170}', '\u{1F189}', b'A'),
    ('\u{1F1E6}', '\u{1F1FF}', b'A'),
];

fn enclosed(character: char) -> Option<char> {
    let (first, _, letter) =
        ENCLOSED.into_iter().find(|(first, last, _)| (*first..=*last).contains(&character))?;
    char::from_u32(u32::from(character) - u32::from(first) + u32::from(letter))
}

/// Characters that show nothing: default-ignorable ones (DerivedCoreProperties), format characters, fillers and what stands
/// for a character that couldn't be read. In order.
const HIDDEN: [(char, char); 36] = [
    ('\u{80}', '\u{84}'),
    ('\u{86}', '\u{9F}'),
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{600}', '\u{605}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{6DD}', '\u{6DD}'),
    ('\u{70F}', '\u{70F}'),
    ('\u{890}', '\u{891}'),
    ('\u{8E2}', '\u{8E2}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FDD0}', '\u{FDEF}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{FFFC}', '\u{FFFF}'),
    ('\u{110BD}', '\u{110BD}'),
    ('\u{110CD}', '\u{110CD}'),
    ('\u{13430}', '\u{1343F}'),
    ('\u{16FE4}', '\u{16FE4}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D159}', '\u{1D159}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{1FFFE}', '\u{1FFFF}'),
    ('\u{E0000}', '\u{E0FFF}'),
    ('\u{EFFFE}', '\u{EFFFF}'),
    ('\u{FFFFE}', '\u{FFFFF}'),
    ('\u{10FFFE}', '\u{10FFFF}'),
];

/// Whether a character shows nothing, wherever it stands: it is a control, a format or a filler.
pub(crate) fn is_hidden(character: char) -> bool {
    let after = HIDDEN.partition_point(|(first, _)| *first <= character);
    after.checked_sub(1).and_then(|row| HIDDEN.get(row)).is_some_and(|(_, last)| character <= *last)
}

/// The ASCII that a character looks like, or the same letter in its other case does.
fn look(character: char, small_first: bool) -> Option<Box<str>> {
    let small = character.to_lowercase().next().filter(|small| *small != character);
    let capital = character.to_uppercase().next().filter(|capital| *capital != character);
    let order =
        if small_first { [small, Some(character), capital] } else { [Some(character), small, capital] };
    order.into_iter().flatten().find_map(prototype).map(String::into_boxed_str)
}

/// The prototype of a character in the Unicode table, where that is ASCII but for marks: `đ` is `d` with a stroke.
fn prototype(character: char) -> Option<String> {
    if let Some(letter) = alike_besides_the_table(character) {
        return Some(letter.to_owned());
    }
    let prototype: String =
        skeleton(character.encode_utf8(&mut [0; 4])).filter(|part| !is_combining_mark(*part)).collect();
    (!prototype.is_empty() && prototype.is_ascii()).then_some(prototype)
}

/// The ASCII letter that a character looks like, where the Unicode table doesn't know it.
pub(crate) fn alike_besides_the_table(character: char) -> Option<&'static str> {
    if character.is_ascii() {
        return None;
    }
    BESIDES_THE_TABLE.iter().find(|(_, alike)| alike.contains(character)).map(|(letter, _)| *letter)
}

/// Latin letters of other shapes that the table leaves out (small capitals, hooks, curls), and what earlier versions of it had.
const BESIDES_THE_TABLE: [(&str, &str); 25] = [
    ("a", "Ⱥᴀᶏẚⱥ"),
    ("b", "ʙᵬᶀꞖꞗ𐞄"),
    ("c", "ƇƈɕᶝꞒꞓꞔꟄ𝼝𐔜"),
    ("d", "ȡᴅᵭᶁᶑꟇꟈ𐞍"),
    ("e", "ᴇᶒⱸꬴ"),
    ("f", "ᶂꜰ"),
    ("g", "ɢʛꞠꞡ𐞒𐞔"),
    ("h", "ʜꞕ𐞖"),
    ("i", "ᵻᶖᶤᶦᶧ𝼚˛ͺ"),
    ("j", "ᴊ"),
    ("k", "ᴋᶄꝂꝃꝄꝅꞢꞣ"),
    ("l", "ȴɬʟᴌᶅᶪᶫⱠⱡꝈꝉꞎꞭꬷꬸꬹꭝ𐞛𐞜𐞝𝼄𝼑𝼓"),
    ("m", "ɱᴍᵯᶆᶬⱮ"),
    ("n", "ȵɴᶇᶰꞐꞑꞤꞥ"),
    ("o", "ⱺꝌꝍ𝼛"),
    ("p", "ᴘᵱᶈꝐꝑꝒꝓꝔꝕ"),
    ("q", "ɊɋꝖꝗꝘꝙꞯ"),
    ("r", "ɾᵳᶉꞦꞧꭆ𐞩𐞪𝼖"),
    ("s", "ȿᶊⱾꞨꞩꟉꟊ𐞺𝼞🄪"),
    ("t", "ȶᴛ𐞯𝼉"),
    ("u", "ᶙꞸꞹ"),
    ("v", "ƲʋᶌᶹⱱⱴꝞꝟ𐞰"),
    ("w", "Ⱳⱳ"),
    ("x", "ᶍꭖꭗꭘꭙ"),
    ("z", "ɀʑᶎᶽⱿꟆ𑣄"),
];
