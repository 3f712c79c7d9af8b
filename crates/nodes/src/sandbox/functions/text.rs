//! Text. Every function takes any value as its text and gives back a new one.

use rhai::{Array, Dynamic, Engine, INT, ImmutableString};

use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    cases(engine);
    look(engine);
    cut(engine);
    lengths(engine);
}

fn cases(engine: &mut Engine) {
    for name in ["upper", "to_upper"] {
        engine.register_fn(name, |text: Dynamic| Fallible::Ok(text_of(&text)?.to_uppercase()));
    }
    for name in ["lower", "to_lower"] {
        engine.register_fn(name, |text: Dynamic| Fallible::Ok(text_of(&text)?.to_lowercase()));
    }
    for name in ["capitalise", "capitalize"] {
        engine.register_fn(name, |text: Dynamic| -> Fallible<String> {
            let text = text_of(&text)?;
            let mut letters = text.chars();
            Ok(letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect()))
        });
    }
    engine.register_fn("slug", |text: Dynamic| -> Fallible<String> {
        let text = text_of(&text)?;
        Ok(if text.is_empty() { String::new() } else { model::slug::slug(&text) })
    });
}

fn look(engine: &mut Engine) {
    engine.register_fn("contains", |text: ImmutableString, part: Dynamic| -> Fallible<bool> {
        Ok(text_of(&Dynamic::from(text))?.contains(&*text_of(&part)?))
    });
    engine.register_fn("contains", |(): (), _: Dynamic| false);
    engine.register_fn("starts_with", |text: Dynamic, part: Dynamic| -> Fallible<bool> {
        Ok(text_of(&text)?.starts_with(&*text_of(&part)?))
    });
    engine.register_fn("ends_with", |text: Dynamic, part: Dynamic| -> Fallible<bool> {
        Ok(text_of(&text)?.ends_with(&*text_of(&part)?))
    });
    engine.register_fn("index_of", |text: ImmutableString, part: ImmutableString| -> Fallible<INT> {
        running::work(text.len())?;
        Ok(text.find(&*part).map_or(-1, |at| count(text[..at].chars())))
    });
    engine.register_fn("len", |text: &mut ImmutableString| -> Fallible<INT> {
        running::work(text.len())?;
        Ok(count(text.chars()))
    });
}

fn cut(engine: &mut Engine) {
    engine.register_fn("trim", |text: Dynamic| -> Fallible<ImmutableString> { Ok(text_of(&text)?.trim().into()) });
    engine.register_fn("replace", |text: Dynamic, from: Dynamic, to: Dynamic| replace(&text, &from, &to));
    engine.register_fn("split", |text: Dynamic, separator: Dynamic| -> Fallible<Array> {
        let (text, separator) = (text_of(&text)?, text_of(&separator)?);
        if separator.is_empty() {
            return list(text.chars().map(Dynamic::from));
        }
        list(text.split(&*separator).map(Into::into))
    });
    engine.register_fn("lines", |text: Dynamic| list(text_of(&text)?.lines().map(Into::into)));
    engine.register_fn("words", |text: Dynamic| list(text_of(&text)?.split_whitespace().map(Into::into)));
    engine.register_fn("join", |items: Array, separator: Dynamic| join(&items, &text_of(&separator)?));
    engine.register_fn("join", |items: Array| join(&items, ", "));
    for name in ["sub_string", "substring"] {
        engine.register_fn(name, |text: Dynamic, start: INT, length: INT| -> Fallible<String> {
            Ok(part(&text_of(&text)?, start, length))
        });
        engine.register_fn(name, |text: Dynamic, start: INT| -> Fallible<String> {
            Ok(part(&text_of(&text)?, start, INT::MAX))
        });
    }
    engine.register_fn("strip_html", |text: Dynamic| Fallible::Ok(strip_html(&text_of(&text)?)));
}

fn lengths(engine: &mut Engine) {
    engine.register_fn("truncate", |text: ImmutableString, longest: INT| shorten(&text, longest, "…"));
    engine.register_fn("truncate", |text: ImmutableString, longest: INT, end: ImmutableString| {
        shorten(&text, longest, &end)
    });
    engine.register_fn("truncate", |(): (), _: INT| ImmutableString::new());
    engine.register_fn("pad_start", |text: Dynamic, length: INT, filler: Dynamic| -> Fallible<String> {
        let text = text_of(&text)?;
        Ok(padding(&text, length, &text_of(&filler)?)? + text.as_str())
    });
    engine.register_fn("pad_end", |text: Dynamic, length: INT, filler: Dynamic| -> Fallible<String> {
        let text = text_of(&text)?;
        Ok(text.to_string() + padding(&text, length, &text_of(&filler)?)?.as_str())
    });
    engine.register_fn("repeat", |text: Dynamic, times: INT| -> Fallible<String> {
        let text = text_of(&text)?;
        let times = usize::try_from(times).unwrap_or(0);
        running::room_for_text(text.len().saturating_mul(times))?;
        Ok(text.repeat(times))
    });
}

fn replace(text: &Dynamic, from: &Dynamic, to: &Dynamic) -> Fallible<String> {
    let (text, from, to) = (text_of(text)?, text_of(from)?, text_of(to)?);
    if from.is_empty() {
        return Ok(text.to_string());
    }
    let times = text.matches(&*from).count();
    running::room_for_text((text.len() + times.saturating_mul(to.len())).saturating_sub(times * from.len()))?;
    Ok(text.replace(&*from, &to))
}

pub(super) fn list(items: impl Iterator<Item = Dynamic>) -> Fallible<Array> {
    let mut list = Array::new();
    for item in items {
        if list.len().is_multiple_of(1024) {
            running::room_for_items(list.len())?;
        }
        list.push(item);
    }
    running::room_for_items(list.len())?;
    Ok(list)
}

fn join(items: &Array, separator: &str) -> Fallible<String> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let item = text_of(item)?;
        running::room_for_text(joined.len() + separator.len() + item.len())?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&item);
    }
    Ok(joined)
}

/// A part by characters; a negative start counts from the end.
fn part(text: &str, start: INT, length: INT) -> String {
    let start = if start < 0 { count(text.chars()).saturating_add(start).max(0) } else { start };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    text.chars().skip(start).take(usize::try_from(length).unwrap_or(0)).collect()
}

fn shorten(text: &str, longest: INT, end: &str) -> Fallible<ImmutableString> {
    running::work(text.len())?;
    let longest = usize::try_from(longest).unwrap_or(0);
    if text.chars().nth(longest).is_none() {
        return Ok(text.into());
    }
    let kept: String = text.chars().take(longest.saturating_sub(end.chars().count())).collect();
    Ok(format!("{}{end}", kept.trim_end()).into())
}

fn padding(text: &str, length: INT, filler: &str) -> Fallible<String> {
    let missing = usize::try_from(length.saturating_sub(count(text.chars()))).unwrap_or(0);
    running::room_for_text(text.len().saturating_add(missing.saturating_mul(4)))?;
    Ok(filler.chars().cycle().take(missing).collect())
}

/// Removes tags, comments, scripts and styles, and writes the usual entities as characters.
fn strip_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else {
            let hidden = ["script", "style"]
                .iter()
                .find(|name| rest.get(1..=name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
            match hidden {
                Some(name) => find_closing(rest, name),
                None => rest.find('>').map(|at| at + 1),
            }
        };
        let tag_end = end.unwrap_or(rest.len());
        if rest[..tag_end].starts_with("<br")
            || rest[..tag_end].starts_with("</p")
            || rest[..tag_end].starts_with("</div")
        {
            text.push('\n');
        }
        rest = &rest[tag_end..];
    }
    text.push_str(rest);
    for (entity, letter) in ENTITIES {
        text = text.replace(entity, letter);
    }
    text.trim().to_owned()
}

fn find_closing(html: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = html[from..].find("</") {
        let after = from + at + 2;
        if html[after..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return html[after..].find('>').map(|end| after + end + 1);
        }
        from = after;
    }
    None
}

fn count(letters: impl Iterator<Item = char>) -> INT {
    INT::try_from(letters.count()).unwrap_or(INT::MAX)
}

/// `&amp;` comes last, so that `&amp;lt;` becomes `&lt;` and not `<`.
const ENTITIES: &[(&str, &str)] =
    &[("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&amp;", "&")];
