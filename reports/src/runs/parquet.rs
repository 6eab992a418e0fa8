//! Runs as an Apache Parquet file (format 1.0: every reader takes it).
//!
//! Columns of one row group, without compression: a row has about 300 bytes, and a
//! dictionary already takes the repeated texts out.

use std::sync::Arc;

use ::parquet::basic::{ConvertedType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};

use super::{Column, RunTable};
use crate::error::ReportError;

impl RunTable {
    /// The bytes of a file.
    pub(crate) fn parquet(&self) -> Result<Vec<u8>, ReportError> {
        Ok(self.write()?)
    }

    fn write(&self) -> Result<Vec<u8>, ParquetError> {
        // The writer's own name would change with its version, and so would the bytes.
        let written_by = concat!("forbear ", env!("CARGO_PKG_VERSION"));
        let properties = WriterProperties::builder().set_created_by(written_by.to_owned()).build();
        let mut writer =
            SerializedFileWriter::new(Vec::new(), self.schema()?, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for (_, column) in &self.columns {
            let Some(mut sink) = group.next_column()? else { break };
            match column {
                Column::Text(values) => {
                    let values: Vec<ByteArray> =
                        values.iter().map(|value| value.as_str().into()).collect();
                    sink.typed::<ByteArrayType>().write_batch(&values, None, None)?;
                }
                Column::Whole(values) => {
                    let values: Vec<i64> = values.iter().map(|value| value.cast_signed()).collect();
                    sink.typed::<Int64Type>().write_batch(&values, None, None)?;
                }
                Column::Number(values) => {
                    let levels: Vec<i16> =
                        values.iter().map(|value| i16::from(value.is_some())).collect();
                    let values: Vec<f64> = values.iter().copied().flatten().collect();
                    sink.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
                }
            }
            sink.close()?;
        }
        group.close()?;
        writer.into_inner()
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let field = |(name, column): &(String, Column)| {
            let (physical, converted, repetition) = match column {
                Column::Text(_) => {
                    (Physical::BYTE_ARRAY, ConvertedType::UTF8, Repetition::REQUIRED)
                }
                Column::Whole(_) => (Physical::INT64, ConvertedType::UINT_64, Repetition::REQUIRED),
                Column::Number(_) => (Physical::DOUBLE, ConvertedType::NONE, Repetition::OPTIONAL),
            };
            let field = Type::primitive_type_builder(name, physical)
                .with_converted_type(converted)
                .with_repetition(repetition)
                .build()?;
            Ok(Arc::new(field))
        };
        let fields = self.columns.iter().map(field).collect::<Result<_, ParquetError>>()?;
        Ok(Arc::new(Type::group_type_builder("run").with_fields(fields).build()?))
    }
}
