//! One table being read: every setting is asked for by name, and what nobody asked for is unknown.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::codes;
use super::context::{Context, Problem, shown};
use super::hint;
use super::parse;
use super::tree::{Entry, Node, Spot, Table};

/// What a value is read with.
pub(crate) type Parsed<T> = Result<T, Problem>;

/// A table, perhaps an absent one.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) cx: &'a Context<'a>,
    /// What kind of table this is; several have one shape.
    shape: &'static str,
    /// The dotted key of the table.
    path: String,
    /// Where the table begins.
    at: Spot,
    table: Option<&'a Table>,
    /// Whether there is something else in its place.
    wrong: bool,
    asked: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(crate) fn root(cx: &'a Context<'a>, shape: &'static str, table: &'a Table, file: &Arc<str>) -> Self {
        let at = Spot::File(Arc::clone(file), 0..0);
        Self { cx, shape, path: String::new(), at, table: Some(table), wrong: false, asked: BTreeSet::new() }
    }

    /// The same table once more, as one of its kinds, with nothing asked for yet but what was.
    pub(crate) fn shaped(self, shape: &'static str) -> Self {
        Self { shape, ..self }
    }

    /// The dotted key of a setting in here.
    pub(crate) fn key(&self, key: &str) -> String {
        let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') && !key.is_empty();
        let key = if bare { key.to_owned() } else { format!("{key:?}") };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// How messages name the table.
    pub(crate) fn title(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("[{}]", self.path) }
    }

    /// Where the table begins.
    pub(crate) const fn at(&self) -> &Spot {
        &self.at
    }

    /// The names of the settings that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &'a str> {
        self.table.into_iter().flat_map(|table| table.keys().map(String::as_str))
    }

    /// Reports something about the table as a whole.
    pub(crate) fn report(&self, problem: Problem) {
        self.cx.report(&self.at, problem);
    }

    /// Where a setting stands, or the table when it is absent.
    pub(crate) fn spot(&self, key: &str) -> &Spot {
        self.entry(key).map_or(&self.at, |entry| &entry.node.spot)
    }

    /// Where the name of a setting stands, or the table when it is absent.
    pub(crate) fn key_spot(&self, key: &str) -> &Spot {
        self.entry(key).map_or(&self.at, |entry| &entry.key)
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.table?.get(key)
    }

    /// Asks for a setting as it stands.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.insert(key);
        self.entry(key).map(|entry| &entry.node)
    }

    /// A setting that may be absent. `None` also when it is wrong; then that is reported.
    pub(crate) fn get<T>(&mut self, key: &'static str, parse: impl FnOnce(&Node) -> Parsed<T>) -> Option<T> {
        let node = self.node(key)?;
        self.read(key, node, parse)
    }

    /// A setting that must be there; `example` says how it could look.
    pub(crate) fn need<T>(
        &mut self,
        key: &'static str,
        example: &str,
        parse: impl FnOnce(&Node) -> Parsed<T>,
    ) -> Option<T> {
        if let Some(node) = self.node(key) {
            return self.read(key, node, parse);
        }
        self.missing(key, example);
        None
    }

    /// Reports that a setting is absent.
    pub(crate) fn missing(&self, key: &str, example: &str) {
        let message = format!("`{key}` is missing in {}", self.title());
        self.report(Problem::new(codes::MISSING, message).help(format!("for example `{key} = {example}`")));
    }

    /// A setting with a default, which is read like a given one.
    pub(crate) fn or<T>(
        &mut self,
        key: &'static str,
        default: &str,
        parse: impl FnOnce(&Node) -> Parsed<T>,
    ) -> Option<T> {
        match self.node(key) {
            Some(node) => self.read(key, node, parse),
            None => self.read(key, &Node::loose(default, Spot::Default), parse),
        }
    }

    fn read<T>(&self, key: &str, node: &Node, parse: impl FnOnce(&Node) -> Parsed<T>) -> Option<T> {
        match parse(node) {
            Ok(value) => {
                self.cx.keep(self.key(key), shown(node), &node.spot);
                Some(value)
            }
            Err(problem) => {
                self.cx.report(&node.spot, problem);
                None
            }
        }
    }

    /// A list with a default; every wrong item is reported, and every item that comes twice.
    pub(crate) fn list<T: PartialEq>(
        &mut self,
        key: &'static str,
        default: &str,
        parse: impl Fn(&Node) -> Parsed<T>,
    ) -> Option<Vec<(T, Spot)>> {
        let given = self.node(key);
        let fallback = Node::loose(default, Spot::Default);
        let node = given.unwrap_or(&fallback);
        let Some(items) = node.list() else {
            self.cx.report(&node.spot, parse::wrong_type(node, "a list such as [\"a\", \"b\"]"));
            return None;
        };
        let mut read: Vec<(T, Spot)> = Vec::new();
        let mut whole = true;
        for item in &items {
            match parse(item) {
                Ok(value) if read.iter().any(|(earlier, _)| *earlier == value) => {
                    whole = false;
                    let message = format!("{} stands twice in `{key}`", shown(item));
                    self.cx.report(&item.spot, Problem::new(codes::REPEATED, message).help("leave one of them out"));
                }
                Ok(value) => read.push((value, item.spot.clone())),
                Err(problem) => {
                    whole = false;
                    self.cx.report(&item.spot, problem);
                }
            }
        }
        self.cx.keep(self.key(key), items.iter().map(shown).collect(), &node.spot);
        whole.then_some(read)
    }

    /// A path; see [`Context::resolve`] for what it is relative to.
    pub(crate) fn path(&mut self, key: &'static str, default: Option<&str>) -> Option<PathBuf> {
        let fallback = default.map(|text| Node::loose(text, Spot::Default));
        let node = self.node(key).or(fallback.as_ref())?;
        match parse::path(node) {
            Ok(text) => {
                let path = self.cx.resolve(&text, &node.spot);
                self.cx.keep(self.key(key), path.display().to_string().into(), &node.spot);
                Some(path)
            }
            Err(problem) => {
                self.cx.report(&node.spot, problem);
                None
            }
        }
    }

    /// A table in here, empty when absent.
    pub(crate) fn table(&mut self, key: &'static str, shape: &'static str) -> Section<'a> {
        self.asked.insert(key);
        self.inner(key, shape)
    }

    /// A table in here that may be absent.
    pub(crate) fn some_table(&mut self, key: &'static str, shape: &'static str) -> Option<Section<'a>> {
        self.node(key)?;
        Some(self.inner(key, shape))
    }

    /// All tables in here, by name: for tables whose names the user chooses.
    pub(crate) fn tables(&self, shape: &'static str) -> Vec<(&'a str, Section<'a>)> {
        self.present().map(|name| (name, self.inner(name, shape))).collect()
    }

    /// All values in here, by name: for tables whose names the user chooses.
    pub(crate) fn nodes(&self) -> Vec<(&'a str, &'a Entry)> {
        self.table.into_iter().flatten().map(|(name, entry)| (name.as_str(), entry)).collect()
    }

    fn inner(&self, key: &str, shape: &'static str) -> Section<'a> {
        let entry = self.entry(key);
        let table = entry.and_then(|entry| {
            let table = entry.node.table();
            if table.is_none() {
                self.cx.report(&entry.node.spot, parse::wrong_type(&entry.node, "a table"));
            }
            table
        });
        let at = entry.map_or_else(|| self.at.clone(), |entry| entry.key.clone());
        let wrong = entry.is_some() && table.is_none();
        Section { cx: self.cx, shape, path: self.key(key), at, table, wrong, asked: BTreeSet::new() }
    }

    /// Whether something is there that is no table; that was reported.
    pub(crate) const fn is_wrong(&self) -> bool {
        self.wrong
    }

    /// Whether the table is there and is a table.
    pub(crate) const fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Reports every setting that nobody asked for.
    pub(crate) fn finish(self) {
        self.cx.know(self.shape, &self.asked);
        for (name, entry) in self.table.into_iter().flatten() {
            if !self.asked.contains(name.as_str()) {
                let message = format!("there is no setting `{name}` in {}", self.title());
                let help = hint::help(name, self.asked.iter().copied(), "nothing can be set here");
                self.cx.report(&entry.key, Problem::new(codes::UNKNOWN_KEY, message).help(help));
            }
        }
    }
}
