//! Every text of a call is looked at, and what is found is what a plain search finds.

use argala_engine::Verdict;
use argala_engine::decision::MAX_FINDINGS;
use proptest::prelude::*;
use serde_json::Value;

use crate::arguments::{Leaf, any_arguments, leaves};
use crate::policies::{Toml, any_pattern, any_reach, denying, table, texts};

/// Where a pattern stands: pointer, bytes, pattern.
type Hit = (String, [usize; 2], String);

/// The plainest search: every pattern at every byte of every text.
fn search(arguments: &Value, patterns: &[String], words: bool) -> Vec<Hit> {
    // In the order in which findings are listed: place, offset, and a key before its value.
    let mut hits: Vec<(usize, [usize; 2], usize, String, String)> = Vec::new();
    let leaves = leaves(arguments);
    for (index, Leaf { pointer, text, .. }) in leaves.iter().enumerate() {
        let place = leaves.iter().position(|leaf| leaf.pointer == *pointer).unwrap();
        for pattern in patterns {
            for start in 0..text.len() {
                let end = start + pattern.len();
                let (Some(before), Some(found), Some(after)) =
                    (text.get(..start), text.get(start..end), text.get(end..))
                else {
                    continue;
                };
                let word =
                    |character: Option<char>| character.is_some_and(|c| c == '_' || c.is_alphanumeric());
                let joined = |outside: Option<char>, edge: Option<char>| word(outside) && word(edge);
                let alone = !joined(before.chars().next_back(), found.chars().next())
                    && !joined(after.chars().next(), found.chars().next_back());
                if found.eq_ignore_ascii_case(pattern) && (alone || !words) {
                    hits.push((place, [start, end], index, pattern.clone(), pointer.clone()));
                }
            }
        }
    }
    hits.sort();
    hits.dedup();
    let mut hits: Vec<Hit> = hits.into_iter().map(|(_, span, _, pattern, at)| (at, span, pattern)).collect();
    hits.truncate(MAX_FINDINGS);
    hits
}

proptest! {
    #[test]
    fn every_pattern_is_found_where_it_stands_and_nowhere_else(
        patterns in prop::collection::vec(any_pattern(), 1..5),
        arguments in any_arguments(),
    ) {
        for (mode, words) in [("substring", false), ("word", true)] {
            let decision = denying(&patterns, mode).load().judge("m", arguments.to_string().as_bytes());
            let found: Vec<Hit> = decision
                .findings
                .iter()
                .map(|finding| {
                    (finding.at.clone().unwrap(), finding.span.unwrap(), finding.matched.clone().unwrap())
                })
                .collect();
            prop_assert_eq!(&found, &search(&arguments, &patterns, words), "{} {}", mode, arguments);
            prop_assert_eq!(decision.verdict == Verdict::Deny, !found.is_empty());
        }
    }

    #[test]
    fn many_patterns_are_found_in_long_texts_as_few_are_in_short_ones(
        patterns in prop::collection::btree_set("[abc]{1,2}[d-h]{2,4}", 1..90),
        long in any::<bool>(),
        text in "([abc]{1,3}[d-h]{0,4} ?){0,40}",
    ) {
        let mut patterns: Vec<String> = patterns.into_iter().filter(|pattern| !long || pattern.len() > 4).collect();
        patterns.push("never".to_owned());
        let padding = if long { "abdefgh ".repeat(200) } else { String::new() };
        let arguments = serde_json::json!({ "q": format!("{padding}{text}"), "r": [text] });
        let decision = denying(&patterns, "substring").load().judge("m", arguments.to_string().as_bytes());
        let found: Vec<Hit> = decision
            .findings
            .iter()
            .map(|finding| (finding.at.clone().unwrap(), finding.span.unwrap(), finding.matched.clone().unwrap()))
            .collect();
        prop_assert_eq!(found, search(&arguments, &patterns, false));
    }

    #[test]
    fn a_regular_expression_of_letters_denies_what_the_letters_do(
        patterns in prop::collection::vec("[abAB1_ é]{1,3}", 1..5),
        arguments in any_arguments(),
    ) {
        let text = arguments.to_string();
        let as_written = denying(&patterns, "substring").load().judge("m", text.as_bytes());
        let as_expression = denying(&patterns, "regex").load().judge("m", text.as_bytes());
        prop_assert_eq!(as_written.verdict, as_expression.verdict, "{}", text);
        prop_assert_eq!(as_written.at, as_expression.at, "{}", text);
    }

    #[test]
    fn a_rule_about_some_arguments_finds_what_lies_in_them_and_nothing_else(
        args in prop::collection::vec(any_reach(), 1..3),
        pattern in "[abAB10]",
        arguments in any_arguments(),
    ) {
        let rule = table([("patterns", texts(&[&pattern])), ("args", texts(&args))]);
        let policy = table([("allowed_methods", texts(&["*"])), ("deny", Toml::List(vec![rule]))]).load();
        let denied = leaves(&arguments).iter().any(|leaf| {
            leaf.text.to_ascii_lowercase().contains(&pattern.to_ascii_lowercase())
                && args.iter().any(|path| reaches(path, leaf))
        });
        let decision = policy.judge("m", arguments.to_string().as_bytes());
        prop_assert_eq!(decision.verdict == Verdict::Deny, denied, "{:?} {}", args, arguments);
    }

    #[test]
    fn a_denied_word_is_found_in_any_text_at_any_depth(
        arguments in any_arguments(),
        before in "[ab1 é.]{0,3}",
        after in "[ab1 é.]{0,3}",
        choice in any::<prop::sample::Index>(),
    ) {
        let policy = denying(&["ZzTop".to_owned()], "substring").load();
        prop_assert_eq!(policy.judge("m", arguments.to_string().as_bytes()).verdict, Verdict::Allow);
        let count = plant(&mut arguments.clone(), usize::MAX, "");
        prop_assume!(count > 0);
        let word = format!("{before}zZtOP{after}");
        let mut planted = arguments;
        plant(&mut planted, choice.index(count), &word);
        let decision = policy.judge("m", planted.to_string().as_bytes());
        prop_assert_eq!(decision.verdict, Verdict::Deny, "{}", planted);
        let holder = leaves(&planted).into_iter().find(|leaf| leaf.text == word).unwrap();
        prop_assert_eq!(decision.at, Some(holder.pointer));
        prop_assert_eq!(decision.span, Some([before.len(), before.len() + 5]));
    }
}

/// Whether a leaf lies at a path or inside of it. The name of an argument is not inside of it, unless `*` stands for it.
fn reaches(path: &str, leaf: &Leaf) -> bool {
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let segments: Vec<&str> = leaf.pointer.split('/').skip(1).collect();
    let inside = segments.len() >= steps.len()
        // A name in other letters is taken for the name by programs that fold case.
        && steps.iter().zip(&segments).all(|(step, segment)| *step == "*" || step.eq_ignore_ascii_case(segment));
    let is_its_name = leaf.is_key && segments.len() == steps.len() && steps.last() != Some(&"*");
    inside && !is_its_name
}

/// Puts a word in the place of the key or value with this number; returns how many there are.
fn plant(value: &mut Value, target: usize, word: &str) -> usize {
    fn walk(value: &mut Value, next: &mut usize, target: usize, word: &str) {
        match value {
            Value::Array(items) => {
                for item in items {
                    place(item, next, target, word);
                }
            }
            Value::Object(members) => {
                for (key, mut member) in std::mem::take(members) {
                    *next += 1;
                    let key = if *next - 1 == target { word.to_owned() } else { key };
                    place(&mut member, next, target, word);
                    members.insert(key, member);
                }
            }
            _ => {}
        }
    }
    fn place(value: &mut Value, next: &mut usize, target: usize, word: &str) {
        *next += 1;
        if *next - 1 == target {
            *value = Value::String(word.to_owned());
        } else {
            walk(value, next, target, word);
        }
    }
    let mut next = 0;
    walk(value, &mut next, target, word);
    next
}
