//! A fixed range of seeds breaks no promise. `HIGHWATER_CHAOS=A..B` runs another range; what fails is told
//! with the smallest scenario that fails.

use std::ops::Range;

use highwater::chaos::{examine, scenario, shrink};
use highwater::runtime::Sabotage;

fn seeds() -> Range<u64> {
    let asked = std::env::var("HIGHWATER_CHAOS").ok();
    let range = asked.as_deref().and_then(|text| {
        let (first, end) = text.split_once("..")?;
        Some(first.parse().ok()?..end.parse().ok()?)
    });
    range.unwrap_or(0..300)
}

#[test]
fn no_seed_breaks_a_promise() {
    let mut broken = Vec::new();
    for seed in seeds() {
        let examined = examine(&scenario(seed), None);
        broken.extend(examined.violation.map(|violation| {
            let smallest = shrink(&scenario(seed), violation.invariant, None).to_ron();
            println!("seed {seed}: {violation}\n{smallest}");
            format!("seed {seed}: {violation}")
        }));
    }
    assert!(broken.is_empty(), "{} seeds:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_planted_bug_is_found_within_a_thousand_seeds() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut unseen = Vec::new();
    for sabotage in Sabotage::ALL {
        let found = (0..1_000).find_map(|seed| {
            let violation = examine(&scenario(seed), Some(sabotage)).violation;
            violation.map(|violation| (seed, violation))
        });
        match found {
            Some((seed, violation)) => println!("| {} | {seed} | {} |", sabotage.name(), violation.invariant.name()),
            None => unseen.push(sabotage.name()),
        }
    }
    let _ = std::panic::take_hook();
    assert_eq!(unseen, [""; 0]);
}
