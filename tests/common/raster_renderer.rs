//! egui_kittest snapshots drawn by our own rasteriser, so that they need no graphics package and are the same
//! everywhere.

use egui::{Color32, Context, FullOutput, TexturesDelta};
use egui_kittest::TestRenderer;
use highwater::raster::{Canvas, Textures};

/// Draws what a harness shows; pass it to `Harness::builder().renderer(...)`.
#[derive(Default)]
pub struct RasterRenderer {
    textures: Textures,
}

impl TestRenderer for RasterRenderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.textures.apply(delta);
    }

    fn render(&mut self, context: &Context, output: &FullOutput) -> Result<image::RgbaImage, String> {
        let pixels_per_point = context.pixels_per_point();
        let size = (context.content_rect().size() * pixels_per_point).round();
        if size.x < 1.0 || size.y < 1.0 {
            return Err(format!("there is nothing to draw on {} by {} pixels", size.x, size.y));
        }
        let mut canvas = Canvas::new(size.x as u32, size.y as u32, Color32::TRANSPARENT);
        let primitives = context.tessellate(output.shapes.clone(), pixels_per_point);
        canvas.paint(&self.textures, &primitives, pixels_per_point);
        Ok(canvas.to_image())
    }
}
