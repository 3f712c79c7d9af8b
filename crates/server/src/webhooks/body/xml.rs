//! XML 1.0. A tree becomes objects; entities beyond the five predefined ones do not exist, so nothing can expand.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

use super::Limits;
use super::error::{BodyError, Position};

/// Parses a document into `{"<root>": …}`.
///
/// An element without attributes and children is its text. Any other is an object: attributes as `@name`, children by
/// name (several of the same name: an array), its own text as `#text`. Prefixes of namespaces stay part of the names.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Value, BodyError> {
    let mut document = Document { limits, open: vec![Element::default()], values: 0 };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let byte = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| {
            let byte = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
            invalid(&error.to_string()).at(Position::of_byte(text.as_bytes(), byte))
        })?;
        if matches!(event, Event::Eof) {
            break;
        }
        document.take(event).map_err(|error| error.at(Position::of_byte(text.as_bytes(), byte)))?;
    }
    document.finish().map_err(|error| error.at(Position::of_byte(text.as_bytes(), text.len())))
}

/// The elements that are open, the outermost (which stands for the document) first.
struct Document<'a> {
    limits: &'a Limits,
    open: Vec<Element>,
    values: usize,
}

#[derive(Default)]
struct Element {
    name: String,
    members: Map<String, Value>,
    text: String,
}

impl Document<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), BodyError> {
        match event {
            Event::Start(start) => self.begin(&start),
            Event::Empty(start) => {
                self.begin(&start)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.add_text(&text.xml10_content()),
            Event::CData(text) => self.add_text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.add_reference(&reference),
            Event::DocType(doctype) if doctype.contains('[') => Err(invalid(
                "a DOCTYPE with declarations of its own is not accepted, because entities are never expanded",
            )),
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), BodyError> {
        if self.open.len() > self.limits.max_depth {
            let detail = format!("The XML is nested more than {} levels deep.", self.limits.max_depth);
            return Err(BodyError::too_complex(detail));
        }
        if self.open.len() == 1 && !self.open[0].members.is_empty() {
            return Err(invalid("there is a second root element"));
        }
        self.count()?;
        let mut element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
        for attribute in start.attributes() {
            self.count()?;
            let attribute = attribute.map_err(|error| invalid(&error.to_string()))?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| invalid(&error.to_string()))?;
            element.members.insert(format!("@{}", attribute.key.as_ref()), Value::String(value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        if let Some(element) = self.open.pop()
            && let Some(parent) = self.open.last_mut()
        {
            parent.add_child(element);
        }
    }

    fn add_text(&mut self, text: &str) -> Result<(), BodyError> {
        if self.open.len() == 1 {
            let is_blank = text.chars().all(char::is_whitespace);
            return if is_blank { Ok(()) } else { Err(invalid("there is text outside the root element")) };
        }
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
        Ok(())
    }

    fn add_reference(&mut self, reference: &BytesRef<'_>) -> Result<(), BodyError> {
        if let Some(letter) = reference.resolve_char_ref().map_err(|error| invalid(&error.to_string()))? {
            return self.add_text(letter.encode_utf8(&mut [0; 4]));
        }
        match resolve_predefined_entity(reference) {
            Some(text) => self.add_text(text),
            None => {
                Err(invalid("it uses an entity other than &amp; &lt; &gt; &quot; and &apos;, which are never expanded"))
            }
        }
    }

    fn count(&mut self) -> Result<(), BodyError> {
        self.values += 1;
        if self.values > self.limits.max_values {
            let detail = format!("The XML has more than {} elements and attributes.", self.limits.max_values);
            return Err(BodyError::too_complex(detail));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Value, BodyError> {
        if let [_, .., innermost] = self.open.as_slice() {
            return Err(invalid(&format!("the element `{}` is not closed", innermost.name)));
        }
        let document = self.open.pop().unwrap_or_default();
        if document.members.is_empty() {
            return Err(invalid("there is no root element"));
        }
        Ok(Value::Object(document.members))
    }
}

impl Element {
    fn add_child(&mut self, child: Self) {
        let name = child.name.clone();
        let value = child.into_value();
        match self.members.get_mut(&name) {
            None => drop(self.members.insert(name, value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }

    fn into_value(mut self) -> Value {
        let text = self.text.trim();
        if self.members.is_empty() {
            return Value::String(text.to_owned());
        }
        if !text.is_empty() {
            self.members.insert("#text".to_owned(), Value::String(text.to_owned()));
        }
        Value::Object(self.members)
    }
}

fn invalid(reason: &str) -> BodyError {
    BodyError::invalid(format!("The body is not XML that can be read: {reason}."))
}
