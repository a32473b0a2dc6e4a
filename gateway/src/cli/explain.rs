//! `argala check --explain`: why a call is decided as it is, for a person.

use std::fmt::Write;

use argala_engine::explain::ReadText;
use argala_engine::{Explanation, Verdict};

use super::check::describe;

/// How many characters of a reading are shown.
const SHOWN: usize = 200;

/// The explanation as text, a fact a line.
pub(super) fn describe_all(explanation: &Explanation) -> String {
    let mut shown = describe(&explanation.decision);
    // Where the method decided, its arguments weren't looked at.
    let by_method = explanation.decision.at.is_none() && explanation.charges.is_empty();
    if by_method && explanation.decision.verdict == Verdict::Deny {
        return shown;
    }
    shown.push('\n');
    // Writing to a string can't fail.
    let _ = write_constraints(&mut shown, explanation);
    let _ = write_charges(&mut shown, explanation);
    let _ = write_texts(&mut shown, explanation);
    shown.truncate(shown.trim_end().len());
    shown
}

fn write_constraints(to: &mut String, explanation: &Explanation) -> std::fmt::Result {
    if explanation.constraints.is_empty() {
        return writeln!(to, "\nconstraints: none holds for an argument of this call");
    }
    writeln!(to, "\nconstraints")?;
    for tried in &explanation.constraints {
        let at = shorten(&tried.at);
        writeln!(to, "  {at} by {}", tried.rule)?;
        writeln!(to, "    wants {}", tried.expects)?;
        for line in &tried.read {
            writeln!(to, "    read: {}", shorten(line))?;
        }
        match &tried.broken {
            Some(reason) => writeln!(to, "    broken: {reason}")?,
            None => writeln!(to, "    met")?,
        }
    }
    Ok(())
}

fn write_charges(to: &mut String, explanation: &Explanation) -> std::fmt::Result {
    if !explanation.charges.is_empty() {
        writeln!(to, "\nbudgets")?;
    }
    for charge in &explanation.charges {
        writeln!(to, "  {}: {} of {}", charge.budget.id, charge.amount, charge.budget)?;
    }
    Ok(())
}

fn write_texts(to: &mut String, explanation: &Explanation) -> std::fmt::Result {
    if explanation.denies.is_empty() {
        return writeln!(to, "\ndenied patterns: none holds for this method");
    }
    writeln!(to, "\ndenied patterns of {}", explanation.denies.join(", "))?;
    for text in &explanation.texts {
        write_text(to, text)?;
    }
    Ok(())
}

fn write_text(to: &mut String, text: &ReadText) -> std::fmt::Result {
    let part = if text.key { "the key " } else { "" };
    let at = shorten(&text.at);
    if !text.scanned {
        return writeln!(to, "  {part}{at}: no rule is about it");
    }
    if let Some(bound) = &text.exceeded {
        return writeln!(to, "  {part}{at}: not read to the end, and so denied: it {bound}");
    }
    match text.readings.len() {
        0 => writeln!(to, "  {part}{at}: read as it stands"),
        count => writeln!(to, "  {part}{at}: read as it stands, and in {count} other ways"),
    }?;
    for reading in &text.readings {
        writeln!(to, "    {}: {}", reading.view.join(", "), shorten(&reading.text))?;
    }
    Ok(())
}

/// The beginning of a text that the agent chose, on one line.
fn shorten(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A character, or the escape of one that would move the cursor or the line.
fn printable(character: char) -> Vec<char> {
    if character.is_control() { character.escape_debug().collect() } else { vec![character] }
}
