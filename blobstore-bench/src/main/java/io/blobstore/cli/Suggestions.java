package io.blobstore.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Finds the names that a mistyped name may have been meant as. */
final class Suggestions {
    private Suggestions() {}

    /**
     * Returns the names with the fewest differences from the mistyped one, at most a third of its letters; none if all
     * differ by more.
     */
    static List<String> of(String mistyped, Collection<String> names) {
        int least = Math.max(1, mistyped.replace("-", "").length() / 3);
        List<String> nearest = new ArrayList<>();
        for (String name : names) {
            int distance = distance(mistyped.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT));
            if (distance < least) {
                nearest.clear();
                least = distance;
            }
            if (distance == least) {
                nearest.add(name);
            }
        }
        return nearest;
    }

    /** Returns a question that names them, after a semicolon; empty if there are none. */
    static String question(String mistyped, Collection<String> names) {
        List<String> nearest = of(mistyped, names);
        return nearest.isEmpty() ? "" : "; did you mean '" + String.join("' or '", nearest) + "'?";
    }

    /** Returns the number of letters inserted, deleted, replaced, or exchanged with their neighbour. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                d[i][j] = i == 0 || j == 0 ? i + j : step(a, b, d, i, j);
            }
        }
        return d[a.length()][b.length()];
    }

    private static int step(String a, String b, int[][] d, int i, int j) {
        int replaced = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int least = Math.min(replaced, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        boolean exchanged = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return exchanged ? Math.min(least, d[i - 2][j - 2] + 1) : least;
    }
}
