//! A button that breaks something: a bolt, a name, and an arrow that opens its choices. Ready, active (a
//! light outline, and the time that is left), or not here (pale, and the reason on hover and for screen
//! readers).

use egui::{Color32, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::theme::{Theme, alpha, font, radius};
use crate::app::widgets::marks;
use crate::human;
use crate::time::Span;

/// Sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Height of a button.
    pub height: f32,
    /// Points of its text.
    text: f32,
    /// Room left and right of what it says.
    air: f32,
}

impl Look {
    /// In front of people.
    pub const LARGE: Self = Self { height: 34.0, text: 13.5, air: 12.0 };
    /// In a panel among others.
    pub const SMALL: Self = Self { height: 28.0, text: 12.0, air: 6.0 };

    /// The font of what stands left of the row.
    pub fn label(self) -> FontId {
        font::semibold(self.text)
    }

    /// How wide a button with this name is.
    pub fn width(self, ui: &Ui, title: &str, has_arrow: bool) -> f32 {
        let text = ui.painter().layout_no_wrap(title.to_owned(), font::medium(self.text), Color32::WHITE);
        self.air + BOLT + text.size().x + if has_arrow { ARROW } else { self.air }
    }
}

/// Room for the bolt, and for the arrow at the right end.
const BOLT: f32 = 18.0;
const ARROW: f32 = 20.0;

/// How it stands with a button.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It can be pressed.
    Ready,
    /// What it breaks is broken for so long.
    Active(Span),
    /// It can do nothing here, and why.
    NotHere(String),
}

/// The two parts of a button.
pub struct Pressed {
    /// Breaks something.
    pub press: Response,
    /// Opens the choices.
    pub options: Response,
}

/// Draws a button into `rect`.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    look: Look,
    rect: Rect,
    (title, help, standing): (&str, &str, &Standing),
) -> Pressed {
    let (left, right) = rect.split_left_right_at_x(rect.right() - ARROW);
    let is_ready = !matches!(standing, Standing::NotHere(_));
    let press = ui.interact(left, ui.scope_id().with((title, "press")), Sense::click());
    let options = ui.interact(right, ui.scope_id().with((title, "options")), Sense::click());
    let said = match standing {
        Standing::Ready => title.to_owned(),
        Standing::Active(left) => format!("{title}, active, {} left", human::span(*left)),
        Standing::NotHere(why) => format!("{title}, not here: {why}"),
    };
    press.widget_info(|| WidgetInfo::labeled(Role::Button, is_ready, &said));
    options.widget_info(|| WidgetInfo::labeled(Role::Button, is_ready, format!("{title}: choose")));
    paint(ui, theme, look, rect, &press, &options, (title, standing));
    let told = match standing {
        Standing::Ready => help.to_owned(),
        Standing::Active(left) => format!("{help}\nNow for {} more; a press breaks it again.", human::span(*left)),
        Standing::NotHere(why) => format!("Not here. {why}"),
    };
    let choose = if is_ready { "Choose who, for how long, how much".to_owned() } else { told.clone() };
    Pressed { press: press.on_hover_text(told), options: options.on_hover_text(choose) }
}

fn paint(
    ui: &Ui,
    theme: &Theme,
    look: Look,
    rect: Rect,
    press: &Response,
    options: &Response,
    (title, standing): (&str, &Standing),
) {
    let painter = ui.painter();
    let is_ready = !matches!(standing, Standing::NotHere(_));
    let hovered = is_ready && (press.hovered() || options.hovered());
    let fill = if hovered { theme.raised.lerp_to_gamma(theme.idle, 0.25) } else { theme.field };
    let (rim, width) = match standing {
        Standing::Active(_) => (theme.t1, 1.5),
        Standing::Ready if hovered => (theme.idle, 1.0),
        _ => (theme.hair, 1.0),
    };
    let fill = if is_ready { fill } else { theme.panel };
    painter.rect(rect, radius::FIELD, fill, Stroke::new(width, rim), StrokeKind::Inside);
    let ink = if is_ready { theme.t1 } else { theme.t3 };
    let bolt = pos2(rect.left() + look.air + 4.0, rect.center().y);
    painter.add(marks::bolt(bolt, 5.0, if is_ready { theme.fault } else { alpha(theme.t3, 0.6) }));
    let text = painter.layout_no_wrap(title.to_owned(), font::medium(look.text), ink);
    let at = pos2(rect.left() + look.air + BOLT - 4.0, rect.center().y - text.size().y / 2.0);
    let end = at.x + text.size().x;
    painter.galley(at, text, ink);
    if let Standing::Active(left) = standing {
        // What is left takes the place of the arrow for the eye; the part is still there for the hand.
        let words = painter.layout_no_wrap(short(*left), font::tick_inside(), theme.t2);
        if end + words.size().x + 6.0 <= rect.right() {
            let at = pos2(rect.right() - 5.0 - words.size().x, rect.center().y - words.size().y / 2.0);
            painter.galley(at, words, theme.t2);
        }
    } else if is_ready {
        let at = pos2(rect.right() - 11.0, rect.center().y);
        let points = vec![at + vec2(-3.5, -1.5), at + vec2(0.0, 2.0), at + vec2(3.5, -1.5)];
        painter.add(egui::Shape::line(points, Stroke::new(1.3, theme.t3)));
    }
    for (part, response) in [(0, press), (1, options)] {
        if response.has_focus() {
            let ring = if part == 0 { rect.expand(2.0) } else { response.rect.shrink(3.0) };
            painter.rect_stroke(ring, radius::FIELD + 2.0, (1.5, theme.you), StrokeKind::Inside);
        }
    }
}

/// Seconds or minutes, in as few characters as there is room for.
fn short(left: Span) -> String {
    let seconds = libm::ceil(left.as_secs_f64());
    if seconds < 100.0 { format!("{seconds}s") } else { format!("{}m", libm::ceil(seconds / 60.0).min(999.0)) }
}
