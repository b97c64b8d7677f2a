//! Plan files of both systems: whatever a plan says survives being written and read, as TOML and as JSON; and what
//! nobody can mean is one error with its line. Never the running of a plan.
//!
//! `faults`, `service` and `stream` draw any plan that there can be. `mistakes` is the table of errors, `inert` those of
//! plans that would do nothing, `older` reads plans of format 1.

mod faults;
mod inert;
mod mistakes;
mod older;
mod service;
mod stream;

use flink_scenarios::Flink;
use harness::plan::{Document, Format, check, read, text};
use harness::system::{Plan, System};
use proptest::prelude::*;
use zookeeper_scenarios::Zookeeper;

const FORMATS: [Format; 2] = [Format::Toml, Format::Json];

/// The plan that a family draws.
fn drawn<S: System>(family: &str, seed: u64) -> Plan<S> {
    S::families().iter().find(|known| known.name == family).expect("the family exists").plan(seed)
}

/// A plan of a text, or what is told of it.
fn parse<S: System>(text: &str, format: Format) -> Result<Plan<S>, String> {
    Document::parse(text, format, "plan").and_then(|document| read::<S>(&document, &[])).map_err(|mistake| mistake.to_string())
}

/// A good plan is the same after it was written and read.
fn survives<S: System>(plan: &Plan<S>) -> Result<(), TestCaseError> {
    prop_assert_eq!(check::<S>(plan), Ok(()));
    for format in FORMATS {
        let text = text(plan, format);
        let back = parse::<S>(&text, format).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&back, plan, "{}", text);
    }
    Ok(())
}

/// A plan with a byte lost or doubled is a plan or one error; never a panic.
fn slips<S: System>(plan: &Plan<S>, at: prop::sample::Index, twice: bool) -> Result<(), TestCaseError> {
    for format in FORMATS {
        let text = text(plan, format);
        let (at, c) = *at.get(&text.char_indices().collect::<Vec<_>>());
        let rest = &text[at + c.len_utf8()..];
        let slip = if twice { format!("{}{c}{c}{rest}", &text[..at]) } else { format!("{}{rest}", &text[..at]) };
        if let Err(told) = parse::<S>(&slip, format) {
            prop_assert!(told.contains("remedy: "), "{}", told);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn plans_of_the_service_survive_their_files(plan in service::plan()) {
        survives::<Zookeeper>(&plan)?;
    }

    #[test]
    fn plans_of_the_engine_survive_their_files(plan in stream::plan()) {
        survives::<Flink>(&plan)?;
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        for format in FORMATS {
            for told in [parse::<Zookeeper>(&text, format).err(), parse::<Flink>(&text, format).err()] {
                let told = told.expect("chance writes no plan");
                prop_assert!(told.starts_with("plan:") && told.contains("remedy: "), "{}", told);
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_in_a_plan_of_the_service_makes_no_panic(plan in service::plan(), at in any::<prop::sample::Index>(), twice in any::<bool>()) {
        slips::<Zookeeper>(&plan, at, twice)?;
    }

    #[test]
    fn a_slip_of_the_pen_in_a_plan_of_the_engine_makes_no_panic(plan in stream::plan(), at in any::<prop::sample::Index>(), twice in any::<bool>()) {
        slips::<Flink>(&plan, at, twice)?;
    }
}
