//! Handlebars, strict: a name that the view does not have is an error, and every value is escaped for its format.

use super::accept::{Parser, straight};
use super::target::{File, Target, Targets};
use super::{Files, Rendered};
use crate::package::Failure;
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason,
    Renderable as _, no_escape,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Renders the targets over a view. Its `head` is seen by every file; a file that is made for each item of a list sees the item as `it`.
pub(crate) fn render<'t>(
    targets: &Targets,
    wanted: impl IntoIterator<Item = &'t Target>,
    view: Value,
) -> Result<Files, Failure> {
    let mut whole = Context::from(view);
    let mut engines: BTreeMap<Parser, Handlebars<'_>> = BTreeMap::new();
    let mut files = Files::new();
    for target in wanted {
        for file in &target.files {
            let engine = match engines.entry(file.parser) {
                std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(engine(targets, file.parser)?)
                }
            };
            render_file(engine, target, file, &mut whole, &mut files)?;
        }
    }
    Ok(files)
}

fn engine<'r>(targets: &Targets, parser: Parser) -> Result<Handlebars<'r>, Failure> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.set_prevent_indent(true);
    engine.register_escape_fn(move |value| parser.escape(value));
    engine.register_helper("block", Box::new(block));
    engine.register_helper("raw", Box::new(raw));
    for (name, text) in &targets.partials {
        engine.register_partial(name, text).map_err(|error| {
            format!("the partial `{name}` is no template: {error}\nhelp: correct it there")
        })?;
    }
    Ok(engine)
}

fn render_file(
    engine: &mut Handlebars<'_>,
    target: &Target,
    file: &File,
    whole: &mut Context,
    files: &mut Files,
) -> Result<(), Failure> {
    let told = |error: &dyn std::fmt::Display| {
        format!(
            "the target `{}` cannot be rendered to {}: {error}\nhelp: correct the template",
            target.name, file.path
        )
    };
    engine
        .register_template_string("file", &file.template)
        .map_err(|error| told(&error))?;
    // A path is nobody's format: what it is made of holds no sign that would mean anything.
    let mut plain = Handlebars::new();
    plain.set_strict_mode(true);
    plain.register_escape_fn(no_escape);
    plain
        .register_template_string("path", &file.path)
        .map_err(|error| told(&error))?;
    let mut one = |context: &Context, from: Option<&Value>| -> Result<(), Failure> {
        let path = plain
            .render_with_context("path", context)
            .map_err(|error| told(&error))?;
        let text = engine
            .render_with_context("file", context)
            .map_err(|error| told(&error))?;
        let text = straight(text);
        if let Some(complaint) = file.parser.complaint(&path, &text) {
            return Err(format!(
                "the target `{}` gave what is no {:?}:\n{complaint}",
                target.name, file.parser
            )
            .into());
        }
        let from = from.cloned().map(serde_json::from_value).transpose()?;
        let rendered = Rendered {
            target: target.name.clone(),
            text,
            from: from.unwrap_or_default(),
            comment: file.parser.comment(),
        };
        if files.insert(path.clone(), rendered).is_some() {
            return Err(format!(
                "{path} is made twice\nhelp: give each item a path of its own in `path` of the target `{}`",
                target.name
            )
            .into());
        }
        Ok(())
    };
    let Some(list) = &file.each else {
        return one(whole, whole.data()["head"].get("from"));
    };
    let view = whole.data_mut();
    let Some(Value::Array(items)) = view.get_mut(list).map(Value::take) else {
        let members = view.as_object().into_iter().flatten();
        let lists: Vec<&str> = members
            .filter(|(_, value)| value.is_array())
            .map(|(name, _)| name.as_str())
            .collect();
        return Err(format!(
            "the target `{}` wants a file for each of `{list}`, which is no list\nhelp: `each` may be one of {}",
            target.name,
            lists.join(", ")
        )
        .into());
    };
    // There may be thousands: each is lent to the scope and put back, for other files are made of them too.
    let mut scope = Context::from(serde_json::json!({ "head": view["head"].clone() }));
    let mut done = Vec::with_capacity(items.len());
    for mut item in items {
        scope.data_mut()["it"] = item;
        one(&scope, scope.data()["it"].get("from"))?;
        item = scope.data_mut()["it"].take();
        done.push(item);
    }
    whole.data_mut()[list] = Value::Array(done);
    Ok(())
}

/// `{{block text 8}}`: a text of several lines as a literal block of YAML, indented by so many spaces.
fn block(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let missing = |at| RenderErrorReason::ParamNotFoundForIndex("block", at);
    let text = helper.param(0).and_then(|value| value.value().as_str());
    let indent = helper.param(1).and_then(|value| value.value().as_u64());
    let text = text.ok_or_else(|| missing(0))?;
    let indent = indent.ok_or_else(|| missing(1))?;
    out.write("|-")?;
    for line in text.lines() {
        out.write("\n")?;
        if !line.is_empty() {
            out.write(&" ".repeat(usize::try_from(indent).unwrap_or_default()))?;
            out.write(line)?;
        }
    }
    Ok(())
}

/// `{{{{raw}}}}{{ .Kept }}{{{{/raw}}}}`: braces that are meant for whoever reads the file.
fn raw<'reg, 'rc>(
    helper: &Helper<'rc>,
    engine: &'reg Handlebars<'reg>,
    context: &'rc Context,
    render: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    match helper.template() {
        Some(template) => template.render(engine, context, render, out),
        None => Ok(()),
    }
}
