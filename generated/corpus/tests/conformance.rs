//! The tables in `cases/`: each case has the outcome that the specification demands, in a request and in an event. What is said of each is pinned.

use prost::Message;
use schema_corpus::{
    Every,
    cases::{self, Case, Outcome},
    failure::Failure,
    json,
};
use std::fmt::Write;

/// prost takes it for the zero that is left out; a field without presence loses its sign on the way through bytes.
const NEGATIVE_ZERO: &str = ":-0.0}";

fn outcome(read: Result<Every, Failure>) -> (Outcome, String) {
    match read {
        Ok(message) => {
            let text = json::to_string(&message);
            (Outcome::Value(text.clone()), cases::readable(text.as_bytes()))
        }
        Err(failure) => {
            let said = failure.message().to_owned();
            match failure.broken_rules() {
                [] => (Outcome::Malformed, format!("! {said}")),
                [violation] => (
                    Outcome::Broken(violation.field.clone(), violation.rule.to_owned()),
                    format!(
                        "! {} {}: {}",
                        cases::readable(violation.field.as_bytes()),
                        violation.rule,
                        violation.message
                    ),
                ),
                several => panic!("one at a time: {several:?}"),
            }
        }
    }
}

fn check(case: &Case, wrong: &mut String) -> String {
    let read = json::from_slice::<Every>(&case.input);
    if let Ok(message) = &read {
        let again =
            Every::decode(message.encode_to_vec().as_slice()).expect("what is taken as JSON can be read as bytes");
        let (again, text) = (json::to_string(&again), json::to_string(message));
        assert!(
            again == text || text.contains(NEGATIVE_ZERO),
            "{}: {text} became {again}",
            case.place
        );
    }
    let (strict, said) = outcome(read);
    let (lenient, said_leniently) = outcome(json::from_slice_lenient(&case.input));
    let input = cases::readable(&case.input);
    for (mode, is, should) in [
        ("a request", &strict, &case.strict),
        ("an event", &lenient, &case.lenient),
    ] {
        if is != should {
            let short = |outcome| cases::readable(format!("{outcome:?}").as_bytes());
            let _ = writeln!(
                wrong,
                "{} {input}\n  {mode} should give {}\n  it is {}",
                case.place,
                short(should),
                short(is)
            );
        }
    }
    if said == said_leniently {
        format!("{input}  ->  {said}\n")
    } else {
        format!("{input}  ->  {said}  ~>  {said_leniently}\n")
    }
}

#[test]
fn every_case_has_the_outcome_that_the_specification_demands() {
    let mut wrong = String::new();
    for (name, text) in cases::TABLES {
        let pinned: String = cases::of_table(name, text)
            .iter()
            .map(|case| check(case, &mut wrong))
            .collect();
        insta::assert_snapshot!(name.trim_end_matches(".txt"), pinned);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_tables_have_a_case_for_every_field() {
    let all = cases::all();
    assert!(all.len() > 1000, "{}", all.len());
    let text: Vec<_> = all.iter().map(|case| String::from_utf8_lossy(&case.input)).collect();
    for field in <Every as json::Message>::FIELDS {
        let name = format!("\"{field}\"");
        assert!(text.iter().any(|input| input.contains(&name)), "{field} is in no case");
    }
}
