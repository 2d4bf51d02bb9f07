//! Drawing egui's triangles on the processor: the same bytes on every machine, with no display, graphics card or
//! graphics library.
//!
//! [`Textures`] keeps what egui uploaded, [`Canvas`] paints tessellated shapes into pixels, [`Headless`] runs an
//! interface for a few frames and hands back the picture. Colours are premultiplied and blended in gamma space, as
//! egui's own painters do; positions have eight bits below the pixel and edges follow the top-left rule, as graphics
//! cards do, so that neighbouring triangles neither overlap nor leave a gap.
//!
//! Paint callbacks (drawing with a graphics card) and mipmaps are left out.

// From bytes up: one pixel, one texture, one triangle, one mesh, the picture.
mod gradient;
mod guard;
mod pixel;
mod texture;
mod textures;
mod triangle;

mod canvas;
mod painter;

// Around it.
mod headless;
mod picture;

pub use canvas::Canvas;
pub use headless::{FrameWork, Headless, HeadlessOptions};
pub use picture::encode_png;
pub use textures::Textures;
