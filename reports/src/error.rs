//! Why a report could not be written.

use thiserror::Error;

/// A report that could not be written: a fault of this crate, not of the
/// comparison.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ReportError(#[from] Kind);

#[derive(Debug, Error)]
enum Kind {
    #[error("the HTML template failed: {0}")]
    Template(#[from] minijinja::Error),
    #[error("the CSV could not be written: {0}")]
    Csv(#[from] csv::Error),
    #[cfg(feature = "parquet")]
    #[error("the Parquet file could not be written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("the JSON could not be written: {0}")]
    Json(#[from] serde_json::Error),
    #[cfg(feature = "png")]
    #[error("the chart could not be drawn: {0}")]
    Svg(#[from] resvg::usvg::Error),
    #[cfg(feature = "png")]
    #[error("the PNG could not be written: {0}")]
    Png(String),
}

impl From<minijinja::Error> for ReportError {
    fn from(error: minijinja::Error) -> Self {
        Self(error.into())
    }
}

impl From<csv::Error> for ReportError {
    fn from(error: csv::Error) -> Self {
        Self(error.into())
    }
}

#[cfg(feature = "parquet")]
impl From<parquet::errors::ParquetError> for ReportError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self(error.into())
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.into())
    }
}

#[cfg(feature = "png")]
impl ReportError {
    pub(crate) fn too_large() -> Self {
        Self(Kind::Png("the chart is too large".to_owned()))
    }

    pub(crate) fn png(error: &impl std::fmt::Display) -> Self {
        Self(Kind::Png(error.to_string()))
    }
}

#[cfg(feature = "png")]
impl From<resvg::usvg::Error> for ReportError {
    fn from(error: resvg::usvg::Error) -> Self {
        Self(error.into())
    }
}
