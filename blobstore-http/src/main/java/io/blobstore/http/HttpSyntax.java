package io.blobstore.http;

import java.util.List;

/** Checks texts by the grammar of RFC 9110, section 5. */
final class HttpSyntax {
    /** Fields that define where a message ends; only the client sets them. */
    static final List<String> FRAMING = List.of("Content-Length", "Transfer-Encoding", "Connection", "Expect");

    private HttpSyntax() {}

    /** Returns whether the text is a token. Uses a loop, as it runs for every field of every response. */
    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isLetterOrDigit(c) && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Returns whether all characters are printable, space, tab, or beyond ASCII (obs-text). */
    static boolean isValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\t' && (c < ' ' || c == 0x7f || c > 0xff)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether all characters are printable ASCII without space. */
    static boolean isTarget(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) <= ' ' || text.charAt(i) >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the text is a decimal number that fits a long. */
    static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= 18;
    }

    /** Returns whether names, or addresses with a zone, may contain the character. Others must be in Punycode. */
    static boolean isHostCharacter(int c) {
        return isLetterOrDigit(c) || "-._:%".indexOf(c) >= 0;
    }

    /** Returns the text without spaces and tabs around it; other white space is kept. */
    static String trim(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.charAt(from))) {
            from++;
        }
        while (from < to && isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
