//! Invariants of windows and panes: what they hold, and what they say.

use std::collections::BTreeMap;

use crate::chaos::examine::Case;
use crate::chaos::{Checked, Invariant, must, naive, promise};
use crate::pipeline::{LatePolicy, WindowSpec};
use crate::runtime::{Fate, Trace, WindowEnd, WindowLife};
use crate::time::ProcTime;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::pane::Pane;
use crate::window::trigger::TriggerSpec;

pub(super) fn check(case: &Case<'_>) -> Checked {
    // What was counted may be undone, or lost again with its transaction.
    if case.has_failed() || promise::may_expire(case.trace) {
        return panes_are_delivered(case.trace);
    }
    follows_the_rules(case)?;
    no_pane_after_its_state(case.trace)?;
    panes_are_numbered(case.trace)?;
    last_pane_is_complete(case.trace)?;
    panes_are_delivered(case.trace)
}

/// Fates and contents are those of the plainest rules. Not of salted keys, which close in two stages,
/// nor of dialects whose triggers may end a window.
fn follows_the_rules(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    if trace.pipeline.dialect != Dialect::Flink || trace.pipeline.tasks.salts > 1 {
        return Ok(());
    }
    let naive = naive::apply(trace);
    let late = match trace.pipeline.late {
        LatePolicy::Drop => Fate::DroppedLate,
        LatePolicy::SideOutput => Fate::SideOutput,
    };
    for (place, (&fate, &is_counted)) in trace.fates.iter().zip(&naive.is_counted).enumerate() {
        let fits = if is_counted {
            fate == Fate::Counted
        } else {
            !fate.is_handled() || fate == late || fate == Fate::Unassigned
        };
        must(fits, Invariant::FatesAreThoseOfTheRules, || {
            let what = if is_counted { "takes" } else { "does not take" };
            format!("a window {what} record {place} by the rules, but it is {fate:?}")
        })?;
    }
    let mut held: Vec<_> = trace.windows.iter().filter(|life| is_kept(life)).map(of_life).collect();
    held.sort_unstable();
    must(held.len() == naive.windows.len(), Invariant::WindowsAreThoseOfTheRules, || {
        format!("{} windows, {} by the rules", held.len(), naive.windows.len())
    })?;
    for (found, expected) in held.iter().zip(&naive.windows) {
        must(found == expected, Invariant::WindowsAreThoseOfTheRules, || {
            format!("a window is {found:?}, by the rules {expected:?}")
        })?;
    }
    Ok(())
}

const fn is_kept(life: &WindowLife) -> bool {
    !matches!(life.end, WindowEnd::Merged { .. })
}

fn of_life(life: &WindowLife) -> (crate::record::KeyId, crate::window::pane::Window, naive::Content) {
    (life.key, life.window, naive::Content { count: life.summary.count, sum: life.summary.sum as i64 })
}

/// When the state of a window went.
const fn gone_at(life: &WindowLife) -> ProcTime {
    match life.end {
        WindowEnd::StillKept => ProcTime::MAX,
        WindowEnd::Closed { at } | WindowEnd::Merged { at, .. } | WindowEnd::Undone { at } => at,
    }
}

fn no_pane_after_its_state(trace: &Trace) -> Checked {
    // A retraction names the window that it withdraws, which may have been merged long ago.
    for (place, pane) in trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
        let Some(life) = trace.windows.get(pane.window_id.index()) else { continue };
        let lived = life.opened_at <= pane.emitted_at && pane.emitted_at <= gone_at(life);
        must(lived, Invariant::NoPaneAfterItsState, || {
            format!(
                "pane {place} was emitted at {}, its window was kept from {} to {}",
                pane.emitted_at,
                life.opened_at,
                gone_at(life)
            )
        })?;
    }
    Ok(())
}

/// The results of every window, without retractions, in order of emission.
fn results(trace: &Trace) -> BTreeMap<u32, Vec<&Pane>> {
    let mut results: BTreeMap<u32, Vec<&Pane>> = BTreeMap::new();
    for pane in trace.panes.iter().filter(|pane| !pane.is_retraction) {
        results.entry(pane.window_id.0).or_default().push(pane);
    }
    results
}

/// Of windows that do not merge: a session takes over the numbers of another, or starts anew, by dialect.
fn panes_are_numbered(trace: &Trace) -> Checked {
    if matches!(trace.pipeline.window, WindowSpec::Session { .. }) {
        return Ok(());
    }
    for (window, panes) in results(trace) {
        for (number, pane) in panes.iter().enumerate() {
            must(pane.index as usize == number, Invariant::PanesAreNumbered, || {
                format!("pane {number} of window {window} says that it is number {}", pane.index)
            })?;
        }
        let said = trace.windows.get(window as usize).map_or(0, |life| life.panes as usize);
        must(said == panes.len(), Invariant::PanesAreNumbered, || {
            format!("window {window} fired {} panes and says {said}", panes.len())
        })?;
    }
    Ok(())
}

/// Of a window that fires at its end and for every late record: what its panes say together is all that
/// it held when it closed.
fn last_pane_is_complete(trace: &Trace) -> Checked {
    let pipeline = &trace.pipeline;
    let is_plain = pipeline.trigger == TriggerSpec::Default && pipeline.dialect == Dialect::Flink;
    if !is_plain || pipeline.window == WindowSpec::Global || pipeline.tasks.salts > 1 {
        return Ok(());
    }
    let results = results(trace);
    for (number, life) in trace.windows.iter().enumerate() {
        if !matches!(life.end, WindowEnd::Closed { .. }) {
            continue;
        }
        let panes = u32::try_from(number).ok().and_then(|number| results.get(&number)).map_or(&[][..], Vec::as_slice);
        let told: u64 = match pipeline.accumulation {
            Accumulation::Discarding => panes.iter().map(|pane| pane.summary.count).sum(),
            _ => panes.last().map_or(0, |pane| pane.summary.count),
        };
        // Panes of sessions that were merged into this one told of their part.
        let is_told_elsewhere =
            pipeline.accumulation == Accumulation::Discarding && matches!(pipeline.window, WindowSpec::Session { .. });
        must(is_told_elsewhere || told == life.summary.count, Invariant::LastPaneIsComplete, || {
            format!("window {number} closed with {} records, its panes told of {told}", life.summary.count)
        })?;
    }
    Ok(())
}

fn panes_are_delivered(trace: &Trace) -> Checked {
    if trace.delivered.is_empty() {
        return Ok(());
    }
    must(trace.delivered.len() == trace.panes.len(), Invariant::PanesAreDelivered, || {
        format!("{} panes were emitted, {} have a delivery", trace.panes.len(), trace.delivered.len())
    })?;
    for (place, (pane, &at)) in trace.panes.iter().zip(&trace.delivered).enumerate() {
        must(at >= pane.emitted_at, Invariant::PanesAreDelivered, || {
            format!("pane {place} was delivered at {at}, before it was emitted at {}", pane.emitted_at)
        })?;
    }
    Ok(())
}
