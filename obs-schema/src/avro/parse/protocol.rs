//! Protocols: their types, and the types their messages speak of.

use super::schema::properties;
use super::{Reader, names};
use crate::avro::{Kind, Protocol};
use crate::diag::Diagnostic;
use crate::node::{Member, Node, Value};

impl Reader<'_> {
    /// Reads a JSON object with a `protocol`.
    pub(super) fn protocol(&mut self, node: &Node, written: &Member) -> Option<Protocol> {
        let namespace = match node.get("namespace").map(|node| (node, &node.value)) {
            Some((node, Value::String(own))) => {
                names::check_namespace(self.cx, own, node.loc);
                own
            }
            None | Some((_, Value::Null)) => "",
            Some((node, _)) => {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-namespace",
                        node.loc,
                        format!("`namespace` is {}", node.kind()),
                    )
                    .help("write names joined by dots, or \"\" for none"),
                );
                ""
            }
        };
        let name = written.value.as_str().unwrap_or_else(|| {
            self.cx.push(
                Diagnostic::error(
                    "invalid-name",
                    written.value.loc,
                    format!("`protocol` is {}", written.value.kind()),
                )
                .help("write the name of the protocol in quotes"),
            );
            ""
        });
        let full = names::qualify(name, namespace);
        if !name.is_empty() {
            names::check(self.cx, "protocol name", &full.name, written.value.loc);
        }
        let namespace = full.namespace.clone();
        if let Some(types) = node.get("types") {
            self.types(types, &namespace);
        }
        if let Some(messages) = node.get("messages") {
            self.messages(messages, &namespace);
        }
        Some(Protocol {
            name: full,
            name_loc: written.value.loc,
            doc: self.doc(node.get("doc")),
            props: properties(node.as_object().unwrap_or_default(), false, |key| {
                matches!(key, "protocol" | "namespace" | "doc" | "types" | "messages")
            }),
        })
    }

    /// Named types; whatever else stands among them is looked at and forgotten.
    fn types(&mut self, node: &Node, namespace: &str) {
        let Some(types) = node.as_array() else {
            self.cx.push(
                Diagnostic::error(
                    "invalid-protocol",
                    node.loc,
                    format!("`types` is {}", node.kind()),
                )
                .help("write a list of definitions"),
            );
            return;
        };
        for ty in types {
            let read = self.schema(ty, namespace);
            if ty.as_object().is_none() || !matches!(read.kind, Kind::Named(_) | Kind::Null) {
                self.cx.push(
                    Diagnostic::error("invalid-protocol", ty.loc, "this defines no named type")
                        .help("write a record, error, enum or fixed"),
                );
            }
        }
    }

    fn messages(&mut self, node: &Node, namespace: &str) {
        let Some(messages) = node.as_object() else {
            self.cx.push(
                Diagnostic::error(
                    "invalid-protocol",
                    node.loc,
                    format!("`messages` is {}", node.kind()),
                )
                .help("write an object with a member for each message"),
            );
            return;
        };
        for message in messages {
            self.message(message, namespace);
        }
    }

    /// Types may be defined in a message, and an unknown one is a mistake there as anywhere.
    fn message(&mut self, message: &Member, namespace: &str) {
        let name = &message.name;
        match message
            .value
            .get("request")
            .map(|request| (request, request.as_array()))
        {
            Some((_, Some(parameters))) => {
                for parameter in parameters {
                    if let Some(field) = self.field(parameter, namespace) {
                        self.parameters.push(field);
                    }
                }
            }
            Some((request, None)) => self.cx.push(
                Diagnostic::error(
                    "invalid-protocol",
                    request.loc,
                    format!("`request` is {}", request.kind()),
                )
                .help("write a list of parameters"),
            ),
            None => self.cx.push(
                Diagnostic::error(
                    "invalid-protocol",
                    message.name_loc,
                    format!("message `{name}` has no `request`"),
                )
                .help("add `\"request\": []` with its parameters"),
            ),
        }
        let one_way = message
            .value
            .get("one-way")
            .and_then(Node::as_bool)
            .unwrap_or(false);
        match message.value.get("response") {
            Some(response) => {
                let ty = self.schema(response, namespace);
                if one_way && !matches!(ty.kind, Kind::Null) {
                    self.cx.push(
                        Diagnostic::error(
                            "invalid-protocol",
                            response.loc,
                            format!("one-way message `{name}` has a response"),
                        )
                        .help("make the response `null`, or the message two-way"),
                    );
                }
                self.loose.push(ty);
            }
            None if one_way => {}
            None => self.cx.push(
                Diagnostic::error(
                    "invalid-protocol",
                    message.name_loc,
                    format!("message `{name}` has no `response`"),
                )
                .help("add a `response`, or `\"one-way\": true`"),
            ),
        }
        if let Some(errors) = message.value.get("errors") {
            if errors.as_array().is_none() {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-protocol",
                        errors.loc,
                        format!("`errors` is {}", errors.kind()),
                    )
                    .help("write a list of error types"),
                );
            } else if one_way {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-protocol",
                        errors.loc,
                        format!("one-way message `{name}` has errors"),
                    )
                    .help("remove them, or make the message two-way"),
                );
            } else {
                let ty = self.schema(errors, namespace);
                self.loose.push(ty);
            }
        }
    }
}
