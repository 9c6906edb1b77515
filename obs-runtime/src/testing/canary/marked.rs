//! What is sensitive in an event, by its descriptor and its schema.

use obs_schema::json::Json;
use obs_schema::table::Table;

use crate::event::Descriptor;

/// The names of sensitive fields on the wire, at any depth, and whether one of them was filled.
#[derive(Debug)]
pub(super) struct Marked(Table<String, bool>);

impl Marked {
    pub(super) fn of(about: &Descriptor) -> Marked {
        let mut marked = Marked(Table::default());
        for field in about.fields {
            if field.secret || field.pii.is_some() {
                marked.0.insert(field.wire.to_owned(), false);
            }
        }
        if let Ok(schema) = Json::parse(about.schema.as_bytes()) {
            marked.look(&schema, &schema, None);
        }
        marked
    }

    /// Goes through a schema, in either dialect, with the name of the field it is about.
    fn look(&mut self, root: &Json, node: &Json, field: Option<&str>) {
        if let Some(items) = node.as_array() {
            items.iter().for_each(|item| self.look(root, item, field));
            return;
        }
        let Some(members) = node.as_object() else {
            return;
        };
        // A field of a record has a name and a type, and so has a named type, which is no field.
        let kind = node.get("type").and_then(Json::as_str);
        let own = node.get("name").and_then(Json::as_str);
        let named = matches!(kind, Some("record" | "error" | "enum" | "fixed"));
        let field = own.filter(|_| !named).or(field);
        let reference = node.get("$ref").and_then(Json::as_str);
        let target = reference.and_then(|path| path.strip_prefix('#'));
        let behind = target.and_then(|path| at(root, path));
        if let (Some(field), true) = (field, sensitive(node) || behind.is_some_and(sensitive)) {
            self.0.insert(field.to_owned(), false);
        }
        for (name, value) in members {
            match name.as_str() {
                "x-obs" | "default" | "const" | "enum" | "examples" => {}
                "properties" | "patternProperties" => {
                    for (name, value) in value.as_object().unwrap_or_default() {
                        self.look(root, value, Some(name));
                    }
                }
                "$defs" | "definitions" => {
                    for (_, value) in value.as_object().unwrap_or_default() {
                        self.look(root, value, None);
                    }
                }
                "fields" => self.look(root, value, None),
                _ => self.look(root, value, field),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// One of these was filled.
    pub(super) fn fill(&mut self, name: &str) {
        self.0.insert(name.to_owned(), true);
    }

    /// Those of which none was.
    pub(super) fn empty(&self) -> impl Iterator<Item = &str> {
        let all = self.0.keys().zip(self.0.values());
        all.filter(|(_, filled)| !**filled)
            .map(|(name, _)| name.as_str())
    }
}

fn sensitive(node: &Json) -> bool {
    let keys = node.get("x-obs");
    keys.is_some_and(|keys| {
        keys.get("pii").is_some() || matches!(keys.get("secret"), Some(Json::Bool(true)))
    })
}

/// What a pointer leads to.
fn at<'j>(root: &'j Json, pointer: &str) -> Option<&'j Json> {
    let mut node = root;
    for name in pointer.split('/').skip(1) {
        node = node.get(name)?;
    }
    Some(node)
}
