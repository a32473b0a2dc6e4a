//! No more than a budget passes, in whatever order, at whatever time and by however many sessions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use argala_engine::budget::{Amount, Budget, By, Charge, Counted, Per};
use argala_engine::{Decision, Facts, Policy};
use proptest::prelude::*;

use super::books::{Books, Payer, Whose};
use super::state::State;
use super::{Ledger, account::Account};

const NOBODY: Payer<'static> = Payer { session: None, principal: None };

fn budget(id: &str, max: u32, per: Per, by: By) -> Arc<Budget> {
    let counts = Counted::Argument("/amount".to_owned());
    Arc::new(Budget { id: id.to_owned(), counts, max: Amount::whole(max), per, by })
}

fn seconds(number: u64) -> Per {
    Per::Time(Duration::from_secs(number))
}

fn charge(budget: &Arc<Budget>, amount: u32) -> Charge {
    Charge { budget: Arc::clone(budget), amount: Amount::whole(amount) }
}

fn reason(books: &mut Books, now: u64, payer: &Payer<'_>, charges: &[Charge]) -> String {
    books.charge(now, payer, charges).unwrap_err().reason
}

proptest! {
    #[test]
    fn no_more_than_the_budget_passes_in_any_stretch_of_its_time(
        // Pauses in milliseconds, and amounts: in bursts and far apart, around a window of 10 s.
        calls in prop::collection::vec((prop_oneof![0..200_u64, 0..3000_u64, 9_900..10_200_u64], 0..5_u32), 1..200),
        back in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let window = 10_000;
        let bounded = budget("b", 10, seconds(10), By::Gateway);
        let mut books = Books::default();
        let mut now = 1_000_000;
        let mut passed: Vec<(u64, u32)> = Vec::new();
        let mut refused_at: Option<(u64, u32)> = None;
        for (number, (pause, amount)) in calls.iter().enumerate() {
            now += pause;
            match books.charge(now, &NOBODY, &[charge(&bounded, *amount)]) {
                Ok(paid) if back.iter().any(|index| index.index(calls.len()) == number) => books.pay_back(paid),
                Ok(_) => passed.push((now, *amount)),
                Err(_) => refused_at = Some((now, *amount)),
            }
            // What is refused would have been too much, but for what is remembered together.
            if let Some((at, amount)) = refused_at.take() {
                let lately: u32 = passed.iter().filter(|(then, _)| *then + window + window / 60 + 1 >= at).map(|(_, amount)| amount).sum();
                prop_assert!(lately + amount > 10, "refused with {lately} spent");
            }
        }
        for (number, (begin, _)) in passed.iter().enumerate() {
            let within = passed.iter().skip(number).take_while(|(then, _)| *then <= begin + window);
            let sum: u32 = within.map(|(_, amount)| amount).sum();
            prop_assert!(sum <= 10, "{sum} in {window} ms from {begin}");
        }
    }

    #[test]
    fn an_account_remembers_a_bounded_number_of_charges(pauses in prop::collection::vec(0..2000_u64, 0..2000), length in 1..100_u64) {
        let mut account = Account::default();
        account.count_for(seconds(length));
        let mut now = 0;
        for pause in pauses {
            now += pause;
            account.pass(now);
            account.charge(now, Amount::CALL);
            prop_assert!(account.entries().count() < 70);
        }
    }
}

#[test]
fn a_call_is_charged_to_all_of_its_budgets_or_to_none() {
    let (wide, narrow) =
        (budget("wide", 100, seconds(60), By::Gateway), budget("narrow", 5, seconds(60), By::Gateway));
    let mut books = Books::default();
    let both = |amount| [charge(&wide, amount), charge(&narrow, amount)];
    books.charge(0, &NOBODY, &both(3)).unwrap();
    assert_eq!(books.charge(0, &NOBODY, &both(3)).unwrap_err().rule(), "budgets.narrow");
    // Had the wide one been charged, 97 would be too much.
    books.charge(0, &NOBODY, &[charge(&wide, 97)]).unwrap();
}

#[test]
fn a_denial_says_what_is_left_and_when_to_come_again() {
    let bounded = budget("b", 10, seconds(60), By::Principal);
    let mut books = Books::default();
    books.charge(0, &NOBODY, &[charge(&bounded, 2)]).unwrap();
    books.charge(20_000, &NOBODY, &[charge(&bounded, 6)]).unwrap();
    assert_eq!(
        reason(&mut books, 30_000, &NOBODY, &[charge(&bounded, 3)]),
        "its budget is at most 10 of `/amount` in 60 s for each principal: 2 is left, and it asks for 3; retry after 31 s"
    );
    // So much is free when the second charge is, too.
    assert!(reason(&mut books, 30_000, &NOBODY, &[charge(&bounded, 9)]).ends_with("retry after 51 s"));
    assert!(books.charge(61_000, &NOBODY, &[charge(&bounded, 3)]).is_ok());
}

#[test]
fn each_session_and_each_principal_has_an_account_of_its_own() {
    let sessions: [Arc<str>; 2] = ["one".into(), "two".into()];
    let payers = [
        (Some(&sessions[0]), Some("user:ada")),
        (Some(&sessions[1]), Some("user:ada")),
        (Some(&sessions[1]), Some("user:bob")),
        (Some(&sessions[0]), None),
        (Some(&sessions[1]), None),
    ];
    for (by, passes) in [
        (By::Session, [true, true, false, false, false]),
        (By::Principal, [true, false, true, true, false]),
        (By::Gateway, [true, false, false, false, false]),
    ] {
        let bounded = budget("b", 1, seconds(60), by);
        let mut books = Books::default();
        let passed = payers.map(|(session, principal)| {
            books.charge(0, &Payer { session, principal }, &[charge(&bounded, 1)]).is_ok()
        });
        assert_eq!(passed, passes, "{by:?}");
    }
}

#[test]
fn what_is_counted_by_session_needs_one() {
    let said =
        reason(&mut Books::default(), 0, &NOBODY, &[charge(&budget("b", 1, Per::Session, By::Session), 1)]);
    assert!(said.contains("has none over HTTP"), "{said}");
}

#[test]
fn a_session_gets_nothing_back_before_it_ends() {
    let session: Arc<str> = "s".into();
    let payer = Payer { session: Some(&session), principal: None };
    let whole = budget("b", 1, Per::Session, By::Session);
    let mut books = Books::default();
    books.charge(0, &payer, &[charge(&whole, 1)]).unwrap();
    let said = reason(&mut books, u64::MAX, &payer, &[charge(&whole, 1)]);
    assert!(said.ends_with("there is no more in this session: tell the user"), "{said}");
    books.forget(&Whose::Session(session.clone()));
    books.charge(0, &payer, &[charge(&whole, 1)]).unwrap();
}

#[test]
fn an_account_is_kept_by_its_name_when_the_policy_changes() {
    let mut books = Books::default();
    books.charge(0, &NOBODY, &[charge(&budget("b", 100, seconds(60), By::Gateway), 50)]).unwrap();
    let narrower = budget("b", 40, seconds(60), By::Gateway);
    assert!(reason(&mut books, 1, &NOBODY, &[charge(&narrower, 1)]).contains("0 is left"));
    books.charge(1, &NOBODY, &[charge(&budget("b", 60, seconds(60), By::Gateway), 10)]).unwrap();
}

#[test]
fn no_account_is_given_up_while_something_is_charged_to_it() {
    let bounded = budget("b", 1, seconds(60), By::Principal);
    let mut books = Books::default();
    let mut call = |name: String, now| {
        let payer = Payer { session: None, principal: Some(&name) };
        books.charge(now, &payer, &[charge(&bounded, 1)]).map_err(|refusal| refusal.reason)
    };
    for number in 0..50_000 {
        call(format!("user:{number}"), number).unwrap();
    }
    assert!(call("user:late".to_owned(), 50_000).unwrap_err().contains("no room"));
    assert!(call("user:0".to_owned(), 50_000).unwrap_err().contains("retry after"));
    call("user:late".to_owned(), 60_001).unwrap();
    assert!(call("user:later".to_owned(), 60_001).unwrap_err().contains("no room"));
}

/// A ledger, a policy with one call a minute for everyone, and what the policy says of a call.
fn allowed(calls: u32) -> Decision {
    let policy = format!("allowed_methods = ['m']\n[[budget]]\nid = 'b'\ncalls = {calls}\nper = 'day'");
    let facts = Facts { counted: true, ..Facts::default() };
    Policy::from_toml(&policy, "a test").unwrap().judge_for("m", b"{}", &facts)
}

#[test]
fn what_does_not_leave_is_paid_back() {
    let ledger = Ledger::default();
    for _ in 0..3 {
        assert!(ledger.settle(allowed(1), &NOBODY).0.is_allowed());
    }
    ledger.settle(allowed(1), &NOBODY).1.keep();
    let (denied, _charged) = ledger.settle(allowed(1), &NOBODY);
    assert_eq!((denied.verdict.as_str(), denied.rule.as_str()), ("deny", "budgets.b"));
    assert!(
        denied
            .message
            .starts_with("ARGALA BLOCK: `m` was refused (rule budgets.b): its budget is at most 1 call in")
    );
    assert!(denied.charges.is_empty());
}

#[test]
fn sessions_at_the_same_time_do_not_pass_more_together() {
    let ledger = Ledger::default();
    let call = || usize::from(spend(&ledger, 100));
    let passed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..50).map(|_| call()).sum::<usize>())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 100);
}

fn spend(ledger: &Ledger, calls: u32) -> bool {
    let (decision, charged) = ledger.settle(allowed(calls), &NOBODY);
    charged.keep();
    decision.is_allowed()
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    for _ in 0..3 {
        assert!(spend(&Ledger::open(&file).unwrap(), 3));
    }
    let ledger = Ledger::open(&file).unwrap();
    assert!(!spend(&ledger, 3));
    // What was paid back is paid back there, too.
    drop(ledger.settle(allowed(4), &NOBODY));
    drop(ledger);
    assert!(spend(&Ledger::open(&file).unwrap(), 4));
    assert!(!spend(&Ledger::open(&file).unwrap(), 4));
}

#[test]
fn a_clock_that_is_set_back_frees_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    let tomorrow = super::since_1970() + 90_000_000;
    let line =
        format!("{{\"at\":{tomorrow},\"budget\":\"b\",\"per\":86400,\"by\":\"gateway\",\"amount\":\"1\"}}\n");
    std::fs::write(&file, line).unwrap();
    let ledger = Ledger::open(&file).unwrap();
    let denied = ledger.settle(allowed(1), &NOBODY).0;
    assert!(denied.message.contains("retry after 864"), "{}", denied.message);
}

#[test]
fn a_crash_at_any_byte_loses_no_charge_of_a_call_that_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    {
        let ledger = Ledger::open(&file).unwrap();
        assert!(spend(&ledger, 9) && spend(&ledger, 9));
    }
    let whole = std::fs::read(&file).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in first..whole.len() {
        std::fs::write(&file, &whole[..length]).unwrap();
        let mut books = Books::default();
        State::open(&file, &mut books).unwrap();
        let left = budget("b", 2, seconds(86_400), By::Gateway);
        let now = books.latest();
        assert!(books.charge(now, &NOBODY, &[charge(&left, 1)]).is_ok(), "{length}");
        assert!(books.charge(now, &NOBODY, &[charge(&left, 1)]).is_err(), "{length}");
    }
}

#[test]
fn a_file_that_is_not_understood_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    let good = r#"{"at":1,"budget":"b","per":60,"by":"gateway","amount":"1"}"#;
    for bad in ["x", "{}", r#"{"at":1,"budget":"b","per":60,"by":"gateway","amount":"-1"}"#, ""] {
        std::fs::write(&file, format!("{good}\n{bad}\n{good}\n")).unwrap();
        let said = Ledger::open(&file).unwrap_err();
        assert!(said.contains("budgets.jsonl:2: no entry"), "{said}");
    }
}

#[test]
fn two_gateways_do_not_keep_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    let _first = Ledger::open(&file).unwrap();
    assert!(Ledger::open(&file).unwrap_err().contains("another gateway"));
}

#[test]
fn the_file_is_written_anew_before_it_grows_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("budgets.jsonl");
    let mut books = Books::default();
    let state = State::open(&file, &mut books).unwrap();
    books.keep_in(state);
    let bounded = budget(&"b".repeat(10_000), 5000, seconds(60), By::Gateway);
    let mut longest = 0;
    for number in 0..300 {
        books.charge(number * 1000, &NOBODY, &[charge(&bounded, 1)]).unwrap();
        longest = longest.max(std::fs::metadata(&file).unwrap().len());
    }
    assert!((1 << 20..3 << 20).contains(&longest), "{longest}");
    drop(books);
    let mut again = Books::default();
    State::open(&file, &mut again).unwrap();
    let nearly = budget(&bounded.id, 60, seconds(60), By::Gateway);
    assert!(again.charge(299_000, &NOBODY, &[charge(&nearly, 1)]).is_err());
    assert!(again.charge(301_000, &NOBODY, &[charge(&nearly, 1)]).is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn what_can_not_be_written_down_is_denied() {
    let mut books = Books::default();
    let full = Path::new("/dev/full");
    books.keep_in(State::onto(full));
    let bounded = budget("b", 1, seconds(60), By::Gateway);
    let said = reason(&mut books, 0, &NOBODY, &[charge(&bounded, 1)]);
    assert!(said.contains("can't be written down"), "{said}");
    // A session's account isn't written down.
    let session: Arc<str> = "s".into();
    let payer = Payer { session: Some(&session), principal: None };
    books.charge(0, &payer, &[charge(&budget("s", 1, Per::Session, By::Session), 1)]).unwrap();
}
