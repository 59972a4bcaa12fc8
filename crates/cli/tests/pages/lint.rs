//! A strict reading of our own HTML: what a browser forgives is a fault here.

use std::collections::BTreeSet;

/// Elements without an end.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "rect", "circle", "path", "img"];

/// Elements that may end themselves within a picture.
const ENDS_ITSELF: &str = "/";

/// A tag or the text before the next one.
enum Piece<'a> {
    Open(&'a str, Vec<(&'a str, &'a str)>),
    Close(&'a str),
    Text(&'a str),
}

fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        if !text.trim().is_empty() {
            pieces.push(Piece::Text(text));
        }
        let Some((tag, after)) = after.split_once('>') else { break };
        rest = after;
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            pieces.push(Piece::Close(name.trim()));
            continue;
        }
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        pieces.push(Piece::Open(name.trim_end_matches(ENDS_ITSELF), read_attributes(attributes)));
    }
    pieces
}

fn read_attributes(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text.trim().trim_end_matches('/').trim();
    while !rest.is_empty() {
        let end = rest.find([' ', '\n', '=']).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = rest[end..].trim_start();
        if let Some(after) = rest.strip_prefix("=\"") {
            let (value, after) = after.split_once('"').unwrap_or((after, ""));
            found.push((name, value));
            rest = after.trim_start();
        } else {
            found.push((name, ""));
        }
    }
    found
}

fn attribute<'a>(attributes: &[(&'a str, &'a str)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
}

/// Where the page leads.
pub fn links(html: &str) -> Vec<String> {
    pieces(html)
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open("a", attributes) => {
                attribute(attributes, "href").map(|href| href.replace("&amp;", "&").replace("&#38;", "&"))
            }
            Piece::Open(..) | Piece::Close(_) | Piece::Text(_) => None,
        })
        .collect()
}

/// What a browser loads with the page.
pub fn assets(html: &str) -> Vec<String> {
    pieces(html)
        .iter()
        .filter_map(|piece| match piece {
            Piece::Open("link", attributes) if attribute(attributes, "rel") != Some("alternate") => {
                attribute(attributes, "href").map(str::to_owned)
            }
            Piece::Open("script" | "img", attributes) => attribute(attributes, "src").map(str::to_owned),
            Piece::Open(..) | Piece::Close(_) | Piece::Text(_) => None,
        })
        .collect()
}

/// The text as a reader sees it, spaces evened out.
pub fn text(html: &str) -> String {
    let mut words = String::new();
    for piece in pieces(html) {
        if let Piece::Text(text) = piece {
            words.push_str(text);
            words.push(' ');
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#60;", "<")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

/// Everything that is wrong with a page.
pub fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let pieces = pieces(html);
    let mut open: Vec<&str> = Vec::new();
    let mut ids = BTreeSet::new();
    let (mut labels, mut fields) = (BTreeSet::new(), Vec::new());
    let (mut headings, mut level) = (0, 0);
    let (mut language, mut title, mut main) = (false, false, 0);
    for (place, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open(name, attributes) => {
                if let Some(id) = attribute(attributes, "id")
                    && !ids.insert(id)
                {
                    faults.push(format!("the id `{id}` stands twice"));
                }
                if let Some((name, _)) = attributes.iter().find(|(name, _)| *name == "style" || name.starts_with("on"))
                {
                    faults.push(format!("`{name}` is inline"));
                }
                let next_is_text = matches!(pieces.get(place + 1), Some(Piece::Text(_)));
                match *name {
                    "html" => language = attribute(attributes, "lang").is_some_and(|lang| !lang.is_empty()),
                    "title" if open.last() == Some(&"head") => title = next_is_text,
                    "main" => main += 1,
                    "h1" => headings += 1,
                    "label" => {
                        labels.insert(attribute(attributes, "for").unwrap_or_default());
                    }
                    "input" | "select" | "textarea" if attribute(attributes, "type") != Some("hidden") => {
                        fields.push(attribute(attributes, "id").unwrap_or_default());
                    }
                    "th" if attribute(attributes, "scope").is_none() => faults.push("a `th` has no scope".to_owned()),
                    "table" if !matches!(pieces.get(place + 1), Some(Piece::Open("caption", _))) => {
                        faults.push("a table has no caption".to_owned());
                    }
                    "script" if attribute(attributes, "src").is_none() || next_is_text => {
                        faults.push("a script is inline".to_owned());
                    }
                    "a" if attribute(attributes, "href").is_none_or(str::is_empty) => {
                        faults.push("a link leads nowhere".to_owned());
                    }
                    "a" if matches!(pieces.get(place + 1), Some(Piece::Close("a"))) => {
                        faults.push("a link has no text".to_owned());
                    }
                    "svg"
                        if attribute(attributes, "aria-hidden").is_none()
                            && attribute(attributes, "role").is_none() =>
                    {
                        faults.push("a picture has no text and is not hidden".to_owned());
                    }
                    _ => {}
                }
                if let Some(number) = name.strip_prefix('h').and_then(|number| number.parse::<u8>().ok()) {
                    if open.contains(&"main") && number > level + 1 {
                        faults.push(format!("h{number} follows h{level}"));
                    }
                    if open.contains(&"main") {
                        level = number;
                    }
                }
                if !VOID.contains(name) {
                    open.push(name);
                }
            }
            Piece::Close(name) => {
                if open.pop() != Some(name) {
                    faults.push(format!("`{name}` is closed where it is not open"));
                }
            }
            Piece::Text(_) => {}
        }
    }
    faults.extend(open.iter().map(|name| format!("`{name}` is never closed")));
    faults.extend(fields.iter().filter(|id| !labels.contains(*id)).map(|id| format!("the field `{id}` has no label")));
    if headings != 1 {
        faults.push(format!("{headings} headings of the first level"));
    }
    if main != 1 || !language || !title {
        faults.push("main, language or title is missing".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "<!DOCTYPE html><html lang=\"en\"><head><title>a</title></head><body><main><h1>a</h1></main></body></html>";

    #[test]
    fn a_good_page_has_no_faults_and_each_fault_is_seen() {
        assert_eq!(faults(GOOD), Vec::<String>::new());
        for (wrong, said) in [
            (GOOD.replace("<h1>a</h1>", ""), "headings"),
            (GOOD.replace(" lang=\"en\"", ""), "language"),
            (GOOD.replace("</h1>", "</h1><input id=\"q\">"), "no label"),
            (GOOD.replace("</h1>", "</h1><table><tr><th>a</th></tr></table>"), "no scope"),
            (GOOD.replace("</h1>", "</h1><p style=\"a\">b</p>"), "inline"),
            (GOOD.replace("</h1>", "</h1><h3>b</h3>"), "h3 follows h1"),
            (GOOD.replace("</h1>", "</h1><a href=\"/x\"></a>"), "no text"),
            (GOOD.replace("</h1>", "</h1><div>"), "closed"),
            (GOOD.replace("</h1>", "</h1><script>a</script>"), "script is inline"),
        ] {
            assert!(faults(&wrong).iter().any(|fault| fault.contains(said)), "{said}: {:?}", faults(&wrong));
        }
    }
}
