//! Names that a shell can complete: of scenarios, policies and metrics.
//!
//! Each takes what it took before, files too; it only says what could be meant.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use forbear_http::Preset;
use forbear_reports::{Better, Metric, Quantity};
use forbear_sim::Shipped;

use crate::metric_name::{parse_objective, parse_quantity};

/// The name of a scenario that is built in, or a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScenarioName;

impl TypedValueParser for ScenarioName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Shipped::ALL.iter().map(|shipped| PossibleValue::new(shipped.name))))
    }
}

/// A policy file, or the name of a preset; those of a scenario depend on which it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyName;

impl TypedValueParser for PolicyName {
    type Value = PathBuf;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<PathBuf, Error> {
        PathBufValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Preset::all().map(|preset| PossibleValue::new(preset.name()))))
    }
}

/// A metric that is better one way or the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ObjectiveName;

impl TypedValueParser for ObjectiveName {
    type Value = Metric;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Metric, Error> {
        let parser = StringValueParser::new().try_map(|name| parse_objective(&name));
        parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(objectives()))
    }
}

/// A metric, or its regret, that a search makes small or large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuantityName;

impl TypedValueParser for QuantityName {
    type Value = Quantity;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Quantity, Error> {
        let parser = StringValueParser::new().try_map(|name| parse_quantity(&name));
        parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(objectives()))
    }
}

fn objectives() -> impl Iterator<Item = PossibleValue> {
    let metrics = Metric::ALL.into_iter().filter(|metric| metric.better() != Better::Neither);
    metrics.map(|metric| PossibleValue::new(metric.key()))
}
