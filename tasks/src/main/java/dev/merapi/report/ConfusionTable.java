package dev.merapi.report;

import dev.merapi.metrics.ConfusionMatrix;
import java.util.List;

/// What was taken for what, as a table whose cells are the darker the larger their share of the row is.
record ConfusionTable(ConfusionMatrix matrix, List<String> labels) {
    String html() {
        StringBuilder out =
                new StringBuilder("<figure><figcaption>Confusion matrix <span class=\"note\">rows: expected,"
                        + " columns: predicted, shade: share of the row</span></figcaption><div class=\"wide\"><table"
                        + " class=\"confusion\"><tr><th></th>");
        for (String label : labels) out.append("<th>").append(Html.text(label)).append("</th>");
        out.append("</tr>\n");
        for (int label = 0; label < matrix.classes(); label++) {
            long sum = 0;
            for (int k = 0; k < matrix.classes(); k++) sum += matrix.count(label, k);
            out.append("<tr><th>").append(Html.text(labels.get(label))).append("</th>");
            for (int k = 0; k < matrix.classes(); k++) {
                long count = matrix.count(label, k);
                double share = sum == 0 ? 0 : (double) count / sum;
                out.append(Html.format(
                        "<td class=\"%s\" style=\"--share:%.0f%%\" title=\"%s %% of %s\">%,d</td>",
                        label == k ? "right" : "wrong",
                        85 * share,
                        Html.number(100 * share),
                        Html.text(labels.get(label)),
                        count));
            }
            out.append("</tr>\n");
        }
        return out.append("</table></div></figure>\n").toString();
    }
}
