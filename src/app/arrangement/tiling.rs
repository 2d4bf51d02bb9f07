//! How tiles look and move: a panel is dragged by its title, tabs stand on a bar of panel colour, and
//! tiles meet in hairlines that can be dragged.

use egui::{
    Color32, Id, Rect, Response, Role, Sense, Stroke, Style, Ui, Vec2, Visuals, WidgetInfo, WidgetText, pos2, vec2,
};
use egui_tiles::{Behavior, Container, EditAction, ResizeState, SimplificationOptions, TabState, Tile};
use egui_tiles::{TileId, Tiles, Tree, UiResponse};

use crate::app::arrangement::edges;
use crate::app::export::What;
use crate::app::panel::Panel;
use crate::app::shell::command::ShellCommand;
use crate::app::theme::{Theme, font, space, stroke};
use crate::app::view::Command;
use crate::app::widgets::frame;

/// Height of a bar of tabs.
pub const TAB_BAR: f32 = 28.0;

/// The least that a panel is drawn into, in points; a smaller tile shows its ground alone.
pub const LEAST: Vec2 = vec2(96.0, 72.0);

/// Draws the tiles of one frame.
pub struct Tiling<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Draws a panel into all of a `Ui`.
    pub draw: &'a mut dyn FnMut(&mut Ui, Panel),
    /// What panels ask for.
    pub asked: Vec<Command>,
    /// Whether tiles were moved or resized in this frame.
    pub edited: bool,
    /// Tiles that stand under a bar of tabs, which names them.
    pub tabbed: Vec<TileId>,
}

impl<'a> Tiling<'a> {
    /// The tiles of `tree` in this frame.
    pub fn new(theme: &'a Theme, tree: &Tree<Panel>, draw: &'a mut dyn FnMut(&mut Ui, Panel)) -> Self {
        let tabs = tree.tiles.iter().filter_map(|(_, tile)| match tile {
            Tile::Container(Container::Tabs(tabs)) if tabs.children.len() > 1 => Some(tabs.children.clone()),
            _ => None,
        });
        Self { theme, draw, asked: Vec::new(), edited: false, tabbed: tabs.flatten().collect() }
    }

    /// Draws `tree` into all of `ui`.
    pub fn show(&mut self, ui: &mut Ui, tree: &mut Tree<Panel>) {
        tree.ui(self, ui);
        self.edited |= edges::edges_ui(ui, self.theme, tree);
        frame::set_titled(ui, true);
    }
}

/// The part of a panel's header by which it is dragged. A double click gives it the whole body, the other
/// button or Enter opens its menu.
pub fn handle(ui: &Ui, theme: &Theme, panel: Panel, maximised: bool, asked: &mut Vec<Command>) -> bool {
    let rect = ui.max_rect();
    let title = ui.painter().layout_no_wrap(panel.title().to_owned(), font::title(), Color32::PLACEHOLDER);
    let size = vec2(space::PANEL + title.size().x + 4.0, space::HEADER);
    let handle = Rect::from_min_size(rect.min, size).intersect(rect);
    let response = ui.interact(handle, ui.scope_id().with(("handle", panel)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{} panel", panel.title())));
    if response.has_focus() {
        let focus = handle.shrink2(vec2(6.0, 5.0));
        ui.painter().rect_stroke(focus, 4.0, Stroke::new(2.0, theme.you), egui::StrokeKind::Inside);
    }
    if response.double_clicked() {
        asked.push(Command::ToggleMaximised(panel));
    }
    let by_key = response.has_focus() && response.clicked();
    let menu = egui::Popup::menu(&response).width(180.0).gap(2.0);
    let menu = if by_key || response.secondary_clicked() {
        menu.open_memory(Some(egui::SetOpenCommand::Bool(true)))
    } else {
        menu.open_memory(None)
    };
    menu.show(|ui| menu_ui(ui, panel, maximised, asked));
    response.on_hover_text(panel.help()).drag_started()
}

/// What can be done with a panel.
fn menu_ui(ui: &mut Ui, panel: Panel, maximised: bool, asked: &mut Vec<Command>) {
    let words = if maximised { "Put back" } else { "Give it the whole window" };
    if ui.button(words).clicked() {
        asked.push(Command::ToggleMaximised(panel));
    }
    if !maximised && ui.button("Close").clicked() {
        asked.push(Command::ClosePanel(panel));
    }
    ui.separator();
    if ui.button("Export as PNG\u{2026}").clicked() {
        asked.push(Command::Shell(ShellCommand::AskExport(What::Panel(panel))));
    }
    if ui.button("Reset the layout").clicked() {
        asked.push(Command::ResetLayout);
    }
}

/// Air left and right of the name of a tab.
const TAB_AIR: f32 = 16.0;
/// Side of the cross that closes a tab.
const TAB_CLOSE: f32 = 14.0;

/// A tab: its name, a line under the one in front, and a cross while it is pointed at or has the focus. The
/// other button opens the menu of its panel.
fn tab_ui(ui: &mut Ui, theme: &Theme, id: Id, panel: Panel, state: &TabState, asked: &mut Vec<Command>) -> Response {
    let colour = if state.active { theme.t1 } else { theme.t3 };
    let galley = ui.painter().layout_no_wrap(panel.title().to_owned(), font::title(), colour);
    let size = vec2(galley.size().x + 2.0 * TAB_AIR, ui.available_height());
    let (_, rect) = ui.allocate_space(size);
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), state.active, panel.title()));
    let cross = Rect::from_center_size(rect.right_center() - vec2(9.0, 0.0), vec2(TAB_CLOSE, TAB_CLOSE));
    let close = ui.interact(cross, id.with("close"), Sense::click());
    close.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("Close {}", panel.title())));
    let is_near = response.hovered() || close.hovered() || response.has_focus() || close.has_focus();
    if ui.is_rect_visible(rect) && !state.is_being_dragged {
        let colour = if response.hovered() { theme.t1 } else { colour };
        let at = pos2(rect.left() + TAB_AIR, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, colour);
        if state.active {
            let line =
                Rect::from_min_max(pos2(rect.left() + TAB_AIR, rect.bottom() - 2.0), rect.max - vec2(TAB_AIR, 0.0));
            ui.painter().rect_filled(line, 1.0, theme.t2);
        }
        if is_near {
            let colour = if close.hovered() { theme.t1 } else { theme.t3 };
            let half = 3.2;
            for turn in [1.0, -1.0] {
                let arm = vec2(half, half * turn);
                ui.painter().line_segment([cross.center() - arm, cross.center() + arm], Stroke::new(1.3, colour));
            }
        }
        for (rect, focused) in [(rect.shrink(2.0), response.has_focus()), (cross.expand(2.0), close.has_focus())] {
            if focused {
                ui.painter().rect_stroke(rect, 4.0, Stroke::new(2.0, theme.you), egui::StrokeKind::Inside);
            }
        }
    }
    if close.on_hover_text("Close").clicked() || response.clicked_by(egui::PointerButton::Middle) {
        asked.push(Command::ClosePanel(panel));
    }
    egui::Popup::context_menu(&response).width(180.0).show(|ui| menu_ui(ui, panel, false, asked));
    response.on_hover_text(panel.help())
}

impl Behavior<Panel> for Tiling<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, tile: TileId, panel: &mut Panel) -> UiResponse {
        let is_tabbed = self.tabbed.contains(&tile);
        frame::set_titled(ui, !is_tabbed);
        let rect = ui.max_rect();
        ui.shrink_clip_rect(rect);
        let is_dragged = !is_tabbed && handle(ui, self.theme, *panel, false, &mut self.asked);
        (self.draw)(ui, *panel);
        if is_dragged { UiResponse::DragStarted } else { UiResponse::None }
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        egui::RichText::new(panel.title()).font(font::title()).into()
    }

    fn tab_ui(&mut self, tiles: &mut Tiles<Panel>, ui: &mut Ui, id: Id, tile: TileId, state: &TabState) -> Response {
        match tiles.get_pane(&tile).copied() {
            Some(panel) => tab_ui(ui, self.theme, id, panel, state, &mut self.asked),
            // Tabs of tabs have no name of their own; tiles are simplified so that there are none.
            None => ui.interact(ui.available_rect_before_wrap().with_max_x(0.0), id, Sense::hover()),
        }
    }

    fn is_tab_closable(&self, tiles: &Tiles<Panel>, tile: TileId) -> bool {
        tiles.get_pane(&tile).is_some()
    }

    fn on_tab_close(&mut self, tiles: &mut Tiles<Panel>, tile: TileId) -> bool {
        if let Some(panel) = tiles.get_pane(&tile) {
            self.asked.push(Command::ClosePanel(*panel));
        }
        false
    }

    fn tab_bar_height(&self, _style: &Style) -> f32 {
        TAB_BAR
    }

    fn tab_bar_color(&self, _visuals: &Visuals) -> Color32 {
        self.theme.panel
    }

    fn tab_bg_color(&self, _visuals: &Visuals, _tiles: &Tiles<Panel>, _tile: TileId, _state: &TabState) -> Color32 {
        self.theme.panel
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &Visuals,
        _tiles: &Tiles<Panel>,
        _tile: TileId,
        _state: &TabState,
    ) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::new(stroke::HAIR, self.theme.hair)
    }

    fn tab_text_color(&self, _visuals: &Visuals, _tiles: &Tiles<Panel>, _tile: TileId, state: &TabState) -> Color32 {
        if state.active { self.theme.t1 } else { self.theme.t3 }
    }

    fn gap_width(&self, _style: &Style) -> f32 {
        0.0
    }

    fn min_size(&self) -> f32 {
        LEAST.x
    }

    /// Panels are dragged, by a title or a tab; the bar behind tabs would be a control without a name.
    fn is_tile_draggable(&self, tiles: &Tiles<Panel>, tile: TileId) -> bool {
        tiles.get_pane(&tile).is_some()
    }

    /// Edges are drawn and moved by [`edges`], which names them; here they are hairlines.
    fn is_container_resizable(&self, _tiles: &Tiles<Panel>, _container: TileId) -> bool {
        false
    }

    fn resize_stroke(&self, _style: &Style, _state: ResizeState) -> Stroke {
        Stroke::new(stroke::HAIR, self.theme.hair)
    }

    fn dragged_overlay_color(&self, _visuals: &Visuals) -> Color32 {
        self.theme.plate()
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: false, ..SimplificationOptions::default() }
    }

    fn on_edit(&mut self, _action: EditAction) {
        self.edited = true;
    }
}
