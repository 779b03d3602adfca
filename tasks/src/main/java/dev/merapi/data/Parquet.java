package dev.merapi.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import dev.hardwood.InputFile;
import dev.hardwood.metadata.CompressionCodec;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.Temporal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/// Parquet files (columns in groups of rows, binary) as JSON lines, so that everything that reads those reads
/// these too, also where they are larger than memory. A line's number is then the row's.
final class Parquet {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Set<CompressionCodec> READABLE =
            Set.of(CompressionCodec.UNCOMPRESSED, CompressionCodec.GZIP, CompressionCodec.SNAPPY);

    private Parquet() {}

    /// Writes a file's rows as JSON lines in UTF-8. Lists and structures become `[]`: who asks for such a
    /// column is told that it is none of texts or numbers.
    ///
    /// @throws DataException if the file is damaged or packed in another way than by Snappy or gzip
    static void writeJsonLines(Path file, OutputStream lines) throws IOException {
        writeJsonLines(file, lines, PATIENCE);
    }

    /// @param patience without a row for twice as long the file counts as damaged: some damages leave the
    ///     library waiting for a page for ever
    static void writeJsonLines(Path file, OutputStream lines, Duration patience) throws IOException {
        LongAdder rows = new LongAdder();
        FutureTask<Void> reading = new FutureTask<>(() -> {
            write(file, lines, rows);
            return null;
        });
        Thread.ofPlatform().daemon().name("parquet").start(reading);
        for (long before = -1; !finished(file, reading, patience); before = rows.sum()) {
            if (rows.sum() != before) continue;
            reading.cancel(true);
            throw damaged(file, "nothing comes after row " + before, null);
        }
    }

    private static boolean finished(Path file, FutureTask<Void> reading, Duration patience) throws IOException {
        try {
            reading.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            reading.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException disk) throw disk;
            if (cause instanceof DataException known) throw known;
            throw unreadable(file, cause);
        }
    }

    private static void write(Path file, OutputStream lines, LongAdder count) throws IOException {
        try (ParquetFileReader reader = open(file);
                JsonGenerator json = JSON.createGenerator(lines)) {
            json.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
            refuseOtherPacking(file, reader);
            writeRows(reader, json, count);
        }
    }

    private static ParquetFileReader open(Path file) {
        try {
            return ParquetFileReader.open(InputFile.of(file));
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static void writeRows(ParquetFileReader reader, JsonGenerator json, LongAdder count) throws IOException {
        Map<Boolean, List<String>> columns = reader.getFileSchema().getRootNode().children().stream()
                .collect(Collectors.partitioningBy(
                        SchemaNode.PrimitiveNode.class::isInstance,
                        Collectors.mapping(SchemaNode::name, Collectors.toList())));
        String[] names = columns.get(true).toArray(String[]::new);
        try (RowReader rows = reader.buildRowReader()
                .projection(ColumnProjection.columns(names))
                .build()) {
            while (rows.hasNext()) {
                rows.next();
                json.writeStartObject();
                for (String column : names) {
                    json.writeFieldName(column);
                    write(json, rows.isNull(column) ? null : rows.getValue(column));
                }
                for (String column : columns.get(false)) {
                    json.writeArrayFieldStart(column);
                    json.writeEndArray();
                }
                json.writeEndObject();
                count.increment();
            }
        }
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        switch (value) {
            case null -> json.writeNull();
            case String text -> json.writeString(text);
            case Boolean truth -> json.writeBoolean(truth);
            case Number number when !Double.isFinite(number.doubleValue()) -> json.writeNull(); // pandas' missing one
            case Number number -> json.writeNumber(number.toString());
            case Temporal date -> json.writeString(date.toString());
            default -> {
                json.writeStartArray();
                json.writeEndArray();
            }
        }
    }

    private static void refuseOtherPacking(Path file, ParquetFileReader reader) {
        reader.getFileMetaData().rowGroups().stream()
                .flatMap(group -> group.columns().stream())
                .map(column -> column.metaData().codec())
                .filter(codec -> !READABLE.contains(codec))
                .findFirst()
                .ifPresent(codec -> {
                    throw new DataException(file + " is Parquet packed by " + codec
                            + ", expected Snappy, gzip or nothing; write it again, in pandas with"
                            + " to_parquet(…, compression=\"snappy\")");
                });
    }

    private static DataException unreadable(Path file, Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) cause = cause.getCause();
        if (cause instanceof UnsupportedOperationException) // a library that is not there, an encryption
        return new DataException(file + " is Parquet that cannot be read, " + cause.getMessage(), e);
        return damaged(file, String.valueOf(cause.getMessage()), e);
    }

    private static DataException damaged(Path file, String how, Throwable e) {
        return new DataException(file + " is Parquet, but damaged, " + how + "; get it again", e);
    }
}
