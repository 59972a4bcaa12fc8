//! The square map of London's local authorities, as inline SVG with a text for everything it shows.

use std::fmt::Write as _;
use std::sync::LazyLock;

use counterpart_core::ids::OrganisationCode;

const GRID: &str = include_str!("../../../../config/demo/borough-grid.csv");

/// Pixels of a square in the drawing's own units.
const SIDE: u32 = 44;

/// A local authority's square.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Square {
    pub(crate) code: OrganisationCode,
    x: u32,
    y: u32,
}

/// The squares, from the north-west.
pub(crate) static SQUARES: LazyLock<Vec<Square>> = LazyLock::new(|| {
    GRID.lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            let code = cells.next()?.parse().ok()?;
            let _gss = cells.next()?;
            Some(Square { code, x: cells.next()?.parse().ok()?, y: cells.next()?.parse().ok()? })
        })
        .collect()
});

/// How a square is filled. The class names are those of the style sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    None,
    Part,
    Whole,
    No,
}

impl Fill {
    const fn class(self) -> &'static str {
        match self {
            Self::None => "app-map__none",
            Self::Part => "app-map__part",
            Self::Whole => "app-map__whole",
            Self::No => "app-map__no",
        }
    }

    /// A small square of the same fill, for the key of the map.
    pub(crate) fn sample(self) -> String {
        format!(
            "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"{}\" width=\"16\" height=\"16\"/></svg>",
            self.class()
        )
    }
}

/// Draws the map. `title` and `text` say in words what it shows; `fill` gives each square its fill and its figure.
pub(crate) fn map(id: &str, title: &str, text: &str, fill: impl Fn(OrganisationCode) -> (Fill, String)) -> String {
    let (columns, rows) = SQUARES.iter().fold((0, 0), |(x, y), square| (x.max(square.x + 1), y.max(square.y + 1)));
    let mut svg = format!(
        "<svg class=\"app-map\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-text\">\
         <title id=\"{id}-title\">{}</title><desc id=\"{id}-text\">{}</desc>",
        columns * SIDE,
        rows * SIDE,
        escaped(title),
        escaped(text),
    );
    for square in SQUARES.iter() {
        let (fill, figure) = fill(square.code);
        let (x, y) = (square.x * SIDE, square.y * SIDE);
        let middle = x + SIDE / 2;
        // The text stands after its square, which the style sheet's contrast rules rest on.
        let _ = write!(
            svg,
            "<g><rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\"/>\
             <text x=\"{middle}\" y=\"{}\">{}</text><text class=\"app-map__figure\" x=\"{middle}\" y=\"{}\">{}</text></g>",
            fill.class(),
            y + 20,
            square.code,
            y + 35,
            escaped(&figure),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_local_authority_has_a_square_of_its_own() {
        assert_eq!(SQUARES.len(), 33);
        let mut places: Vec<_> = SQUARES.iter().map(|square| (square.x, square.y)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 33);
        let camden = "CMD".parse().unwrap();
        assert!(SQUARES.iter().any(|square| square.code == camden));
    }

    #[test]
    fn a_map_says_in_words_what_it_shows() {
        let svg = map("m", "A & B", "All <of> them", |_| (Fill::Part, "2".to_owned()));
        assert!(svg.contains("<title id=\"m-title\">A &amp; B</title>") && svg.contains("All &lt;of&gt; them"));
        assert_eq!(svg.matches("app-map__part").count(), 33);
    }
}
