//! Characters that look like an ASCII one (UTS 39): Greek, Cyrillic, Armenian, Cherokee, Lisu, digits of other scripts,
//! operators and the like become what they look like.
//!
//! ASCII stays as it is: the table makes `rn` of `m` and `l` of `I`, `1` and `|`, which would find words that nobody wrote.
//! But a character that looks like `l` may stand for any of them, and so there is a reading for each.
//!
//! What it does not see: a text that mixes what looks like `l` for different letters, beyond what a character's own case
//! tells; ASCII that looks like other ASCII (`DR0P`); what only a font makes look alike.

use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

use super::decoder::Made;
use super::unicode::Plain;

/// What the characters are taken for that look like several.
struct Choice {
    l: &'static str,
    o: Option<&'static str>,
    m: &'static str,
}

/// Beside the likeness itself, which has `I` for a capital and `l` for what isn't, and `m` for what looks like `rn`.
const CHOICES: [Choice; 3] = [
    Choice { l: "l", o: None, m: "rn" },
    Choice { l: "i", o: None, m: "m" },
    Choice { l: "1", o: Some("0"), m: "m" },
];

/// A text in ASCII, and where it could be read otherwise.
pub(super) struct Likeness {
    text: String,
    /// The places of single bytes that stand for what looks like an `l`, an `o` or an `m`.
    doubtful: Vec<(usize, Doubt)>,
}

#[derive(Clone, Copy)]
enum Doubt {
    L,
    O,
    M,
}

impl Likeness {
    /// None where no character looks like another. Capital Nu looks like `N` and small nu like `v`, so that either may come
    /// first.
    pub(super) fn of(text: &str, small_first: bool) -> Option<Self> {
        let mut plain = Plain::with_capacity(text.len());
        let mut doubtful = Vec::new();
        let mut alike = false;
        for character in text.chars() {
            let Some(look) = (!character.is_ascii()).then(|| look(character, small_first)).flatten() else {
                plain.push(character);
                continue;
            };
            alike = true;
            let doubt = match look.as_str() {
                "l" => Some((if character.is_uppercase() { "I" } else { "l" }, Doubt::L)),
                "o" => Some(("o", Doubt::O)),
                "O" => Some(("O", Doubt::O)),
                "rn" => Some(("m", Doubt::M)),
                _ => None,
            };
            let shown = doubt.map_or(look.as_str(), |(shown, kind)| {
                doubtful.push((plain.len(), kind));
                shown
            });
            shown.chars().for_each(|shown| plain.push(shown));
        }
        alike.then(|| Self { text: plain.finish(), doubtful })
    }

    /// The likeness itself.
    pub(super) fn made(self) -> Made {
        Made::new("confusable", self.text)
    }

    /// With what is in doubt taken as one of the choices says.
    pub(super) fn choose(&self, choice: usize) -> Option<Made> {
        let choice = CHOICES.get(choice)?;
        let mut out = String::with_capacity(self.text.len());
        let mut copied = 0;
        for (at, doubt) in &self.doubtful {
            let chosen = match doubt {
                Doubt::L => choice.l,
                Doubt::O => match choice.o {
                    Some(digit) => digit,
                    None => continue,
                },
                Doubt::M => choice.m,
            };
            out.push_str(self.text.get(copied..*at)?);
            out.push_str(chosen);
            copied = at + 1;
        }
        out.push_str(self.text.get(copied..)?);
        (copied > 0).then(|| Made::new("confusable", out))
    }
}

/// The ASCII that a character looks like, or the same letter in its other case does.
fn look(character: char, small_first: bool) -> Option<String> {
    let small = character.to_lowercase().next().filter(|small| *small != character);
    let capital = character.to_uppercase().next().filter(|capital| *capital != character);
    let order =
        if small_first { [small, Some(character), capital] } else { [Some(character), small, capital] };
    order.into_iter().flatten().find_map(prototype)
}

/// The prototype of a character in the Unicode table, where that is ASCII but for marks: `đ` is `d` with a stroke.
fn prototype(character: char) -> Option<String> {
    if let Some((letter, _)) = BESIDES_THE_TABLE.iter().find(|(_, alike)| alike.contains(character)) {
        return Some((*letter).to_owned());
    }
    let prototype: String =
        skeleton(character.encode_utf8(&mut [0; 4])).filter(|part| !is_combining_mark(*part)).collect();
    (!prototype.is_empty() && prototype.is_ascii()).then_some(prototype)
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
