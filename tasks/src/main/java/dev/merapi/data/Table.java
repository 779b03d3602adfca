package dev.merapi.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Rows with named columns: a CSV file (RFC 4180, with a header, with or without a byte order mark) or a JSONL
/// file (`.jsonl`, `.ndjson`: an object a line) or a JSON file (`.json`: a list of objects, or an object a
/// line), each also packed by gzip (`.gz`); or a Parquet file, known by its first bytes.
///
/// @param source the file, for messages
/// @param columns names in the order of the file
/// @param rows in the order of the file; read again from it at every look where it is streamed
record Table(String source, List<String> columns, List<Row> rows) {
    private static final System.Logger LOG = System.getLogger(Table.class.getName());
    private static final Set<String> JSON_ENDINGS = Set.of("jsonl", "ndjson", "json");
    private static final int SHARE_OF_HEAP = 8; // in memory a row takes several times its bytes

    /// @param line where the row begins in the file, from 1; of Parquet the number of the row
    /// @param values by column; a column that a JSONL line lacks has none
    /// @param nested columns that hold a list or an object in a JSONL line or in Parquet, which no reader wants
    record Row(long line, Map<String, String> values, Set<String> nested) {}

    static Table read(Path file, TableOptions options) {
        boolean jsonLines = JSON_ENDINGS.contains(SourceFile.ending(file)) || SourceFile.isParquet(file);
        long size = SourceFile.size(file);
        boolean large = size > Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP || size > Integer.MAX_VALUE / 2;
        if (large && !options.streaming())
            LOG.log(
                    System.Logger.Level.INFO,
                    file + " is large beside the heap: its rows are read again whenever they are needed");
        if (large || options.streaming()) return streamed(file, jsonLines);
        String text = SourceFile.read(file);
        if (jsonLines && text.stripLeading().startsWith("[")) return jsonList(file.toString(), text);
        return jsonLines ? jsonLines(file.toString(), text) : csv(file.toString(), text);
    }

    /// Reads every row once, for its columns and its errors, and keeps where it is.
    private static Table streamed(Path file, boolean jsonLines) {
        String source = file.toString();
        RowIndex index = RowIndex.of(file, !jsonLines);
        if (jsonLines && index.size() > 0 && index.text(0).stripLeading().startsWith("["))
            throw new DataException(source + " is one JSON list, expected an object a line to leave rows in the file;"
                    + " write it as JSON lines");
        if (jsonLines) {
            Set<String> columns = new LinkedHashSet<>();
            for (int i = 0; i < index.size(); i++) jsonLine(source, index.line(i), index.text(i), columns);
            List<Row> rows =
                    new Streamed<>(index.size(), i -> jsonLine(source, index.line(i), index.text(i), new HashSet<>()));
            return new Table(source, List.copyOf(columns), rows);
        }
        if (index.size() == 0) throw empty(source);
        List<String> columns = header(source, record(source, index, 0).getFields());
        List<Row> rows = new Streamed<>(
                index.size() - 1, i -> row(source, columns, record(source, index, i + 1), index.line(i + 1)));
        rows.forEach(_ -> {}); // what is wrong with one is said before any work is done
        return new Table(source, columns, rows);
    }

    private static CsvRecord record(String source, RowIndex index, int i) {
        List<CsvRecord> one = new ArrayList<>();
        records(source, index.text(i), index.line(i), one::add);
        return one.getFirst();
    }

    private static Table csv(String source, String text) {
        List<CsvRecord> first = new ArrayList<>();
        List<String> columns = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        records(source, text, 1, record -> {
            if (first.isEmpty()) {
                first.add(record);
                columns.addAll(header(source, record.getFields()));
            } else rows.add(row(source, columns, record, record.getStartingLineNumber()));
        });
        if (first.isEmpty()) throw empty(source);
        return new Table(source, columns, rows);
    }

    private static DataException empty(String source) {
        return new DataException(source + " is empty, expected a header and rows; check that it is the right file");
    }

    /// @param line of the file that the text begins in
    private static void records(String source, String text, long line, Consumer<CsvRecord> each) {
        try (CsvReader<CsvRecord> reader = CsvReader.builder()
                .extraFieldStrategy(FieldMismatchStrategy.IGNORE) // counted later, with a message that says more
                .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
                .allowUnclosedQuote(false)
                .ofCsvRecord(text)) {
            reader.forEach(each);
        } catch (CsvParseException e) {
            String place = line == 1 ? "" : " from line " + line + " on";
            throw new DataException(source + " is not CSV" + place + ", " + reason(e) + "; repair its quotes", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String reason(Throwable e) {
        return e.getCause() == null ? e.getMessage() : e.getMessage() + ": " + reason(e.getCause());
    }

    private static List<String> header(String source, List<String> fields) {
        List<String> columns = fields.stream().map(String::strip).toList();
        Set<String> seen = new HashSet<>();
        for (String column : columns) {
            if (!seen.add(column)) {
                throw new DataException(
                        source + ": column " + column + " is there twice, expected unique names; rename one");
            }
        }
        return columns;
    }

    private static Row row(String source, List<String> columns, CsvRecord record, long line) {
        if (record.getFieldCount() != columns.size())
            throw new DataException(source + " line " + line + ": expected " + columns.size()
                    + " fields as in the header, got " + record.getFieldCount() + "; quote fields that hold commas");
        Map<String, String> values = HashMap.newHashMap(columns.size());
        for (int i = 0; i < columns.size(); i++) values.put(columns.get(i), record.getField(i));
        return new Row(line, values, Set.of());
    }

    private static Table jsonLines(String source, String text) {
        Set<String> columns = new LinkedHashSet<>();
        List<Row> rows = new ArrayList<>();
        long line = 0;
        for (String json : text.split("\r?\n")) {
            line++;
            if (!json.isBlank()) rows.add(jsonLine(source, line, json, columns));
        }
        return new Table(source, List.copyOf(columns), rows);
    }

    private static Table jsonList(String source, String text) {
        Set<String> columns = new LinkedHashSet<>();
        List<Row> rows = new ArrayList<>();
        JsonReader reader = new JsonReader(source, 1, text);
        reader.list("the file", () -> rows.add(object(reader, "an element of the list", columns)));
        reader.end();
        return new Table(source, List.copyOf(columns), rows);
    }

    private static Row jsonLine(String source, long line, String json, Set<String> columns) {
        JsonReader reader = new JsonReader(source, line, json);
        Row row = object(reader, "the line", columns);
        reader.end();
        return row;
    }

    /// @param columns takes those of the object
    private static Row object(JsonReader reader, String what, Set<String> columns) {
        long line = reader.line();
        Map<String, String> values = new HashMap<>();
        Set<String> nested = new HashSet<>();
        reader.object(what, column -> {
            columns.add(column);
            if (reader.isNested()) {
                nested.add(column);
                reader.skip();
                return;
            }
            String value = reader.scalar(column);
            if (value != null) values.put(column, value);
        });
        return new Row(line, values, nested);
    }

    /// What the file calls a column: by this name, or else by the only one that differs in case alone; null
    /// where it has none.
    private String named(String column) {
        if (columns.contains(column)) return column;
        List<String> alike = columns.stream().filter(column::equalsIgnoreCase).toList();
        return alike.size() == 1 ? alike.getFirst() : null;
    }

    boolean has(String column) {
        return named(column) != null;
    }

    /// Makes sure that a column is there.
    void require(String column) {
        if (!has(column)) {
            throw new DataException(
                    source + " has no column " + column + ", found " + columns + "; rename or name one of these");
        }
    }

    /// The column that was asked for, which must be there, or else the first of the usual ones.
    String column(String asked, List<String> usual) {
        if (asked == null) return firstOf(usual);
        require(asked);
        return named(asked);
    }

    /// The first of these columns that is there.
    private String firstOf(List<String> names) {
        if (names.size() == 1) require(names.getFirst());
        return Stream.concat(
                        names.stream().filter(columns::contains), names.stream().filter(this::has))
                .findFirst()
                .map(this::named)
                .orElseThrow(() -> new DataException(source + " has none of the columns " + names + ", found " + columns
                        + "; rename or name one of these"));
    }

    /// The value of a column, which must be there in this row.
    String value(Row row, String column) {
        String value = row.values().get(named(column));
        if (row.nested().contains(named(column)))
            throw error(row, column + " is a list or an object, expected a text, a number, true or false; flatten it");
        if (value == null) {
            throw error(
                    row,
                    "no value for " + column + ", found " + sorted(row.values().keySet()) + "; add it");
        }
        return value;
    }

    /// The examples that rows make, in their order; like the rows kept in memory, or made anew at every look.
    ///
    /// @param example of a row and its number, from 1
    List<Example> examples(BiFunction<Row, Integer, Example> example) {
        IntFunction<Example> at = i -> example.apply(rows.get(i), i + 1);
        if (!(rows instanceof Streamed))
            return IntStream.range(0, rows.size()).mapToObj(at).toList();
        List<Example> examples = new Streamed<>(rows.size(), at);
        examples.forEach(_ -> {}); // what is wrong with one is said before any work is done
        return examples;
    }

    /// The value of the column `id`, or of the first of others, or the number of the row.
    String id(Row row, int number, String... others) {
        return Stream.concat(Stream.of(others), Stream.of("id"))
                .map(this::named)
                .filter(Objects::nonNull)
                .map(row.values()::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseGet(() -> Integer.toString(number));
    }

    DataException error(Row row, String message) {
        return new DataException(source + " line " + row.line() + ": " + message);
    }

    private static List<String> sorted(Set<String> names) {
        List<String> sorted = new ArrayList<>(names);
        Collections.sort(sorted);
        return sorted;
    }
}
