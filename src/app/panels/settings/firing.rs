//! When windows speak and what a pane says: the dialect, its triggers, accumulation, and what the end
//! of the input means.

use egui::Ui;

use super::{Sheet, beam_trigger, flink_trigger, fold_counted, named_row};
use crate::app::widgets::choice::Choice;
use crate::app::widgets::controls::segments;
use crate::pipeline::AtEnd;
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::{AzureAction, BeamRules, Dialect, EmptyPane, OnTimePane, TimestampCombiner};
use crate::window::trigger::TriggerSpec;

const DIALECTS: [(&str, &str); 4] = [
    ("Flink", "Touching sessions merge; the trigger is asked for every record."),
    ("Beam", "Touching sessions stay apart; triggers are trees that finish; panes say when they are early or late."),
    ("Kafka Streams", "Stream time and a grace period; an update for every record, or one when a window closes."),
    ("Azure Stream Analytics", "Times that are not to be believed are repaired at the door; every window fires once."),
];

const ALL: [Dialect; 4] = [Dialect::Flink, Dialect::Beam, Dialect::KafkaStreams, Dialect::AzureStreamAnalytics];

fn place_of(dialect: Dialect) -> usize {
    ALL.iter().position(|known| *known == dialect).unwrap_or(0)
}

/// Draws the group.
pub fn firing_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let dialect = sheet.next.pipeline.dialect;
    let choice = Choice {
        label: "Dialect",
        help: "Whose rules apply where engines differ.",
        choices: &DIALECTS,
        chosen: place_of(dialect),
        changed: dialect != sheet.opened.pipeline.dialect,
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        sheet.next.pipeline.dialect = ALL[place];
        let opened = &sheet.opened.pipeline;
        let found = (opened.dialect == ALL[place]).then(|| opened.trigger.clone());
        sheet.next.pipeline.trigger = found.unwrap_or_default();
        return;
    }
    match dialect {
        Dialect::Flink => flink_trigger::trigger_ui(ui, sheet),
        Dialect::Beam => beam_trigger::trigger_ui(ui, sheet),
        Dialect::KafkaStreams => kafka_trigger_ui(ui, sheet),
        Dialect::AzureStreamAnalytics => azure_ui(ui, sheet),
    }
    if dialect != Dialect::AzureStreamAnalytics {
        panes_ui(ui, sheet);
    }
    if dialect != Dialect::KafkaStreams {
        at_end_ui(ui, sheet);
    }
    let matters = sheet.next.pipeline.beam != BeamRules::default();
    let (before, after) = (&sheet.opened.pipeline.beam, &sheet.next.pipeline.beam);
    let differs = [
        before.on_time != after.on_time,
        before.closing != after.closing,
        before.timestamp_combiner != after.timestamp_combiner,
    ];
    let changed = differs.into_iter().filter(|differs| *differs).count();
    if dialect == Dialect::Beam && fold_counted(ui, sheet.theme, "More about panes", matters, changed) {
        beam_rules_ui(ui, sheet);
    }
}

fn kafka_trigger_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let choices = [
        ("Every update", "Every record that changes a window gives its new value."),
        ("On window close", "One value, when stream time has passed the end by the grace period."),
    ];
    let place = |trigger: &TriggerSpec| usize::from(*trigger == TriggerSpec::OnWindowClose);
    let choice = Choice {
        label: "Trigger",
        help: "When a window fires.",
        choices: &choices,
        chosen: place(&sheet.next.pipeline.trigger),
        changed: place(&sheet.next.pipeline.trigger) != place(&sheet.opened.pipeline.trigger),
    };
    match choice.ui(ui, sheet.theme) {
        Some(0) => sheet.next.pipeline.trigger = TriggerSpec::Default,
        Some(_) => sheet.next.pipeline.trigger = TriggerSpec::OnWindowClose,
        None => {}
    }
}

fn azure_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let mut next = sheet.next.pipeline.azure;
    let opened = sheet.opened.pipeline.azure;
    let help = "How long after it happened a record may arrive; beyond that its time is not believed.";
    let scale = sheet.ranges.lateness.clone();
    sheet.span(ui, "Late arrival", help, scale, 0, opened.late_arrival, &mut next.late_arrival);
    next.late_arrival = next.late_arrival.min(Span::from_secs(20 * 86_400));
    named_row(ui, sheet.theme, "Else", |ui| {
        let choices =
            [("Adjust", "Its time is changed to the nearest one within the tolerance."), ("Drop it", "It is dropped.")];
        let actions = [AzureAction::Adjust, AzureAction::Drop];
        let chosen = usize::from(next.action == AzureAction::Drop);
        if let Some(place) = segments(ui, sheet.theme, "azure", &choices, chosen) {
            next.action = actions[place];
        }
    });
    sheet.next.pipeline.azure = next;
}

fn panes_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let is_kafka = sheet.next.pipeline.dialect == Dialect::KafkaStreams;
    let all = [
        ("Add up", "A pane holds everything so far and replaces the one before.", Accumulation::Accumulating),
        ("Discard", "A pane holds what came since the one before.", Accumulation::Discarding),
        ("Retract", "As adding up, and the pane before is taken back first.", Accumulation::AccumulatingAndRetracting),
    ];
    let offered: Vec<_> =
        all.into_iter().filter(|(_, _, mode)| !(is_kafka && *mode == Accumulation::Discarding)).collect();
    let choices: Vec<(&str, &str)> = offered.iter().map(|&(name, help, _)| (name, help)).collect();
    let now = sheet.next.pipeline.accumulation;
    let chosen = offered.iter().position(|(_, _, mode)| *mode == now).unwrap_or(0);
    named_row(ui, sheet.theme, "Panes", |ui| {
        if let Some(place) = segments(ui, sheet.theme, "panes", &choices, chosen) {
            sheet.next.pipeline.accumulation = offered[place].2;
        }
    });
}

fn at_end_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    named_row(ui, sheet.theme, "At end", |ui| {
        let choices = [
            ("Hold", "A stream has no end: windows that are still open stay open."),
            ("Flush", "The end of the input is the end of time: every window fires."),
        ];
        let chosen = usize::from(sheet.next.pipeline.at_end == AtEnd::Flush);
        match segments(ui, sheet.theme, "at end", &choices, chosen) {
            Some(0) => sheet.next.pipeline.at_end = AtEnd::Hold,
            Some(_) => sheet.next.pipeline.at_end = AtEnd::Flush,
            None => {}
        }
    });
}

fn beam_rules_ui(ui: &mut Ui, sheet: &mut Sheet<'_>) {
    let opened = sheet.opened.pipeline.beam;
    let mut next = sheet.next.pipeline.beam;
    let choices = [("Always", "Also when nothing new is in it."), ("If not empty", "Only with something new in it.")];
    let place = |on_time: OnTimePane| usize::from(on_time == OnTimePane::FireIfNonEmpty);
    let choice = Choice {
        label: "On-time pane",
        help: "Whether the watermark's pane appears also when it repeats the one before.",
        choices: &choices,
        chosen: place(next.on_time),
        changed: next.on_time != opened.on_time,
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        next.on_time = [OnTimePane::FireAlways, OnTimePane::FireIfNonEmpty][place];
    }
    let choice = Choice {
        label: "Last pane",
        help: "Whether a window whose state goes says so with an empty pane.",
        choices: &choices,
        chosen: usize::from(next.closing == EmptyPane::FireIfNonEmpty),
        changed: next.closing != opened.closing,
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        next.closing = [EmptyPane::FireAlways, EmptyPane::FireIfNonEmpty][place];
    }
    let times = [TimestampCombiner::EndOfWindow, TimestampCombiner::Earliest, TimestampCombiner::Latest];
    let choice = Choice {
        label: "Time of a pane",
        help: "Which event time a pane carries onward.",
        choices: &[
            ("End of window", "The last instant of the window."),
            ("Earliest", "The earliest of its elements that the output watermark has not passed."),
            ("Latest", "The latest of its elements that the output watermark has not passed."),
        ],
        chosen: times.iter().position(|time| *time == next.timestamp_combiner).unwrap_or(0),
        changed: next.timestamp_combiner != opened.timestamp_combiner,
    };
    if let Some(place) = choice.ui(ui, sheet.theme) {
        next.timestamp_combiner = times[place];
    }
    sheet.next.pipeline.beam = next;
}
