//! The controls of a window as a screen reader finds them: what can be pressed or reached by Tab, with its role, its
//! name, its place, and whether it shows that it has the focus.

use std::collections::{BTreeMap, BTreeSet};

use egui::accesskit::{Action, NodeId, Role};
use egui::{Key, Modifiers, Rect};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use highwater::app::shell::Lab;

pub type Window = Harness<'static, Lab>;

/// Something that can be pressed or reached by Tab.
#[derive(Clone, Debug)]
pub struct Control {
    pub id: NodeId,
    pub role: Role,
    pub name: String,
    pub rect: Rect,
    pub is_focusable: bool,
    pub is_enabled: bool,
    pub is_focused: bool,
    /// Of one that can be chosen.
    pub is_chosen: bool,
}

impl Control {
    /// As a screen reader says it.
    pub fn said(&self) -> String {
        format!("{}, {:?}", self.name, self.role)
    }
}

/// All of them, in the order of the tree.
pub fn controls(window: &Window) -> Vec<Control> {
    let mut found = Vec::new();
    for node in window.root().children_recursive() {
        let data = node.accesskit_node();
        let (focus, click) = (data.data().supports_action(Action::Focus), data.data().supports_action(Action::Click));
        if (focus || click) && data.raw_bounds().is_some() {
            found.push(Control {
                id: data.locate().0,
                role: data.role(),
                name: data.label().unwrap_or_default(),
                rect: node.rect(),
                is_focusable: focus,
                is_enabled: !data.is_disabled(),
                is_focused: data.is_focused(),
                is_chosen: data.toggled() == Some(egui::accesskit::Toggled::True),
            });
        }
    }
    found
}

impl Control {
    /// What only a pointer needs: bars that scroll (there are keys for that), and the ground behind a card (Escape).
    fn is_for_pointers(&self) -> bool {
        !self.is_focusable && matches!(self.role, Role::ScrollBar | Role::Pane)
    }

    /// Whether there is another way than Tab to do the same: what only a pointer needs, and pictures of the run, on
    /// which a press moves the cursor as the timeline does.
    pub fn has_another_way(&self) -> bool {
        self.is_for_pointers() || (!self.is_focusable && self.role == Role::Image)
    }
}

/// Those without a name.
pub fn unnamed(controls: &[Control]) -> Vec<String> {
    let is_unnamed = |control: &&Control| control.name.trim().is_empty() && !control.is_for_pointers();
    controls.iter().filter(is_unnamed).map(|control| format!("no name: {control:?}")).collect()
}

/// Those that a screen reader cannot tell apart.
pub fn confusable(controls: &[Control]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for control in controls.iter().filter(|control| !control.is_for_pointers()) {
        *counts.entry(control.said()).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(said, count)| format!("{count} times: {said}")).collect()
}

/// The least side of a control, in points. What is pointed at is sought in a radius of 5 points around the pointer,
/// so that this is as good as the 24 points of WCAG 2.2, target size (minimum).
const LEAST_SIDE: f32 = 14.0;

/// Those that are hard to hit. An edge between tiles is as long as they are, and narrow so that it takes nothing of
/// them; arrows move it as well.
pub fn tiny(controls: &[Control]) -> Vec<String> {
    let is_narrow = |control: &Control| matches!(control.role, Role::ScrollBar | Role::Splitter);
    let is_tiny = |control: &&Control| {
        control.is_enabled && !is_narrow(control) && control.rect.size().min_elem() < LEAST_SIDE - 0.01
    };
    controls.iter().filter(is_tiny).map(|control| format!("{} is {:?}", control.said(), control.rect.size())).collect()
}

/// What is drawn around `rect`, as text.
fn drawn_around(window: &Window, rect: Rect) -> String {
    let near = rect.expand(6.0);
    let shapes = window.output().shapes.iter().filter(|clipped| {
        let bounds = clipped.shape.visual_bounding_rect().intersect(clipped.clip_rect);
        bounds.is_positive() && near.intersects(bounds) && bounds.area() < 4.0 * near.area().max(2_000.0)
    });
    shapes.map(|clipped| format!("{:?}\n", clipped.shape)).collect()
}

/// What Tab finds.
#[derive(Default)]
pub struct Walk {
    /// What had the focus, by its node.
    pub reached: BTreeSet<u64>,
    /// How often something had the focus.
    stops: usize,
    /// Controls that look the same with the focus as without.
    pub unseen: Vec<String>,
}

/// Presses Tab until the focus is back where it was first.
pub fn walk(window: &mut Window) -> Walk {
    let mut walk = Walk::default();
    let mut last: Option<(Control, String)> = None;
    for _ in 0..400 {
        window.key_press_modifiers(Modifiers::NONE, Key::Tab);
        window.run_steps(2);
        let focused = controls(window).into_iter().find(|control| control.is_focused);
        if let Some((before, looked)) = last.take() {
            // Points of a chart may lie on each other; then the ring stays where it is.
            let moved = focused.as_ref().is_none_or(|now| now.id != before.id && now.rect != before.rect);
            let is_there =
                controls(window).iter().any(|control| control.id == before.id && control.rect == before.rect);
            let is_on_screen = window.ctx.content_rect().intersects(before.rect);
            if moved && is_there && is_on_screen && drawn_around(window, before.rect) == looked {
                walk.unseen.push(before.said());
            }
        }
        let Some(focused) = focused else { continue };
        walk.stops += 1;
        if !walk.reached.insert(focused.id.0) {
            return walk;
        }
        let looks = drawn_around(window, focused.rect);
        last = Some((focused, looks));
    }
    if walk.stops == 0 {
        return walk;
    }
    walk.unseen.push("Tab never comes back to where it began".to_owned());
    walk
}
