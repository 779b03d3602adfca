package dev.merapi.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A run's log as columns of numbers: of its steps (`step`), its epochs (`epoch`), its evaluations (`eval`).
///
/// @param columns names, see [dev.merapi.train.CsvLog]
/// @param lines the cells of each event
record RunLog(List<String> columns, List<String[]> lines) {
    static RunLog parse(String csv) {
        List<String> lines = csv.lines().toList();
        return new RunLog(
                Arrays.asList(lines.getFirst().split(",")),
                lines.stream().skip(1).map(line -> line.split(",", -1)).toList());
    }

    /// A column of the lines of one event; NaN where a cell is empty.
    double[] column(String event, String column) {
        int at = columns.indexOf(column);
        return lines.stream()
                .filter(line -> line[0].equals(event))
                .mapToDouble(line -> at < 0 || line[at].isEmpty() ? Double.NaN : Double.parseDouble(line[at]))
                .toArray();
    }

    /// The metrics' columns of the evaluations.
    Map<String, double[]> metrics() {
        Map<String, double[]> metrics = new LinkedHashMap<>();
        for (String name : columns.subList(columns.indexOf("seconds") + 1, columns.size()))
            metrics.put(name, column("eval", name));
        return metrics;
    }
}
