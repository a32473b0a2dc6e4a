//! Why a policy didn't load: every mistake that was found, each at its line.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A policy that didn't load. Its `Display` shows each mistake with its line, for a person.
#[derive(Debug, Clone)]
pub struct PolicyError {
    diagnostics: Vec<Diagnostic>,
    origin: String,
    text: Option<String>,
}

/// One mistake in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong.
    pub message: String,
    /// The key it is about, dotted from the top: `tools.pay.args.amount.min`. Empty for the policy as a whole.
    pub place: String,
    /// The bytes it is about in the policy's text, where it has one.
    pub span: Option<Range<usize>>,
    /// What to do about it.
    pub help: Option<String>,
}

/// Past this many a reader is better off to mend the first ones.
const SHOWN: usize = 20;

impl PolicyError {
    pub(crate) fn new(diagnostics: Vec<Diagnostic>, origin: &str, text: Option<&str>) -> Self {
        Self { diagnostics, origin: origin.to_owned(), text: text.map(str::to_owned) }
    }

    /// The mistakes, in the order in which they stand in the policy.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Line and column, both from 1 and the column in characters, of a mistake in a policy that has a text.
    #[must_use]
    pub fn position(&self, diagnostic: &Diagnostic) -> Option<(usize, usize)> {
        let before = self.text.as_deref()?.get(..diagnostic.span.as_ref()?.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some((line, column))
    }

    fn write_one(&self, diagnostic: &Diagnostic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(text), Some(span)) = (&self.text, &diagnostic.span) else {
            write!(f, "error: {}: ", self.origin)?;
            if !diagnostic.place.is_empty() {
                write!(f, "{}: ", diagnostic.place)?;
            }
            write!(f, "{}", diagnostic.message)?;
            return match &diagnostic.help {
                Some(help) => write!(f, "\n  help: {help}"),
                None => Ok(()),
            };
        };
        let snippet = Snippet::source(text.as_str())
            .path(self.origin.as_str())
            .annotation(AnnotationKind::Primary.span(span.clone()));
        let mut group = Level::ERROR.primary_title(diagnostic.message.as_str()).element(snippet);
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        write!(f, "{}", Renderer::plain().render(&[group]))
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().take(SHOWN).enumerate() {
            if index > 0 {
                write!(f, "\n\n")?;
            }
            self.write_one(diagnostic, f)?;
        }
        match self.diagnostics.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n\n… and {more} more"),
        }
    }
}

impl std::error::Error for PolicyError {}
