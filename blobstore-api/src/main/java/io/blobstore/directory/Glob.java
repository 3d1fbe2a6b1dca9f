package io.blobstore.directory;

import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A pattern for paths whose names are separated by '/', as in shells. Immutable.
 *
 * <p>{@code *} matches any characters of one name, {@code **} any characters of several, and <code>**&#47;</code> any
 * number of directories, none included; {@code ?} matches one character of a name, {@code [a-c]} one of a set and
 * {@code [!a-c]} one that is not in it, <code>{a,b}</code> one of several alternatives. A backslash removes the meaning
 * of the character after it.
 */
public final class Glob {
    private static final String SPECIAL = "*?[{";

    private final String pattern;
    private final Pattern regex;

    private Glob(String pattern) {
        this.pattern = pattern;
        this.regex = Pattern.compile(regex(pattern), Pattern.DOTALL);
    }

    /**
     * Returns a pattern.
     *
     * @throws IllegalArgumentException if a bracket is not closed, a set is empty, or alternatives are nested
     */
    public static Glob of(String pattern) {
        return new Glob(Objects.requireNonNull(pattern, "pattern"));
    }

    /** Returns whether a text has a character that means something else in a pattern. */
    public static boolean isPattern(String text) {
        return Objects.requireNonNull(text, "text").chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0);
    }

    /** Returns whether the whole path matches. */
    public boolean matches(String path) {
        return regex.matcher(path).matches();
    }

    /** Returns the text with which every match begins: the pattern up to its first special character. */
    public String literalPrefix() {
        StringBuilder literal = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (SPECIAL.indexOf(c) >= 0) {
                break;
            }
            if (c == '\\' && i + 1 < pattern.length()) {
                c = pattern.charAt(++i);
            }
            literal.append(c);
        }
        return literal.toString();
    }

    private static String regex(String glob) {
        StringBuilder regex = new StringBuilder();
        boolean alternatives = false;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            if (c == '*') {
                boolean several = glob.startsWith("**", i);
                boolean directories = glob.startsWith("**/", i) && (i == 0 || glob.charAt(i - 1) == '/');
                regex.append(directories ? "(?:.*/)?" : several ? ".*" : "[^/]*");
                i += directories ? 2 : several ? 1 : 0;
            } else if (c == '?') {
                regex.append("[^/]");
            } else if (c == '[') {
                int end = endOfSet(glob, i);
                appendSet(regex, glob.substring(i + 1, end));
                i = end;
            } else if (c == '{') {
                require(!alternatives, glob, "alternatives in braces cannot be nested");
                alternatives = true;
                regex.append("(?:");
            } else if (c == '}' && alternatives) {
                alternatives = false;
                regex.append(')');
            } else if (c == ',' && alternatives) {
                regex.append('|');
            } else {
                int literal = c == '\\' && i + 1 < glob.length() ? glob.codePointAt(++i) : glob.codePointAt(i);
                regex.append(Pattern.quote(Character.toString(literal)));
                i += Character.charCount(literal) - 1;
            }
        }
        require(!alternatives, glob, "a '{' is not closed; write \\{ for the character");
        return regex.toString();
    }

    private static int endOfSet(String glob, int start) {
        int first = glob.startsWith("!", start + 1) ? start + 2 : start + 1;
        int end = glob.indexOf(']', first + 1); // a ']' at the beginning is one of the set
        require(end >= 0, glob, "a '[' is not closed; write \\[ for the character");
        return end;
    }

    private static void appendSet(StringBuilder regex, String set) {
        boolean negated = set.startsWith("!");
        regex.append(negated ? "[^/" : "(?!/)[");
        int first = negated ? 1 : 0;
        for (int i = first; i < set.length(); i++) {
            char c = set.charAt(i);
            boolean range = c == '-' && i > first && i + 1 < set.length();
            regex.append(!range && "\\[]^&-".indexOf(c) >= 0 ? "\\" : "").append(c);
        }
        regex.append(']');
    }

    private static void require(boolean condition, String glob, String problem) {
        if (!condition) {
            throw new IllegalArgumentException("the pattern '" + glob + "' is malformed: " + problem);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Glob that && pattern.equals(that.pattern);
    }

    @Override
    public int hashCode() {
        return pattern.hashCode();
    }

    /** Returns the pattern. */
    @Override
    public String toString() {
        return pattern;
    }
}
