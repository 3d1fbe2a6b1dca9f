package io.blobstore.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GlobTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "a a true",
                "a b false",
                "a a/ false",
                "*.csv x.csv true",
                "*.csv .csv true",
                "*.csv d/x.csv false",
                "**.csv d/x.csv true",
                "**/x x true",
                "**/x a/b/x true",
                "**/x a/bx false",
                "a/**/x a/x true",
                "a/**/x a/b/c/x true",
                "a/**/x ab/x false",
                "a/** a/b/c true",
                "a/** a false",
                "a**/x ab/c/x true",
                "?.txt a.txt true",
                "?.txt ab.txt false",
                "a?b a/b false",
                "[a-c]x bx true",
                "[a-c]x dx false",
                "[!a-c]x dx true",
                "[!a-c]x /x false",
                "[]]x ]x true",
                "[a-]x -x true",
                "[+--]x .x false",
                "[^a]x ^x true",
                "[^a]x bx false",
                "[a&&b]x &x true",
                "[\\d]x dx true",
                "[\\d]x 1x false",
                "{a,bc}.x bc.x true",
                "{a,bc}.x b.x false",
                "\\*.x *.x true",
                "\\*.x a.x false",
                "a.b axb false",
                "a(b)|c$^ a(b)|c$^ true",
                "a} a} true",
                "a,b a,b true",
                "😀? 😀x true"
            })
    void aPatternMatchesTheWholePath(String pattern, String path, boolean matches) {
        assertThat(Glob.of(pattern).matches(path)).isEqualTo(matches);
    }

    @Test
    void linesAreNoBoundaries() {
        assertThat(Glob.of("**b").matches("a\n/b")).isTrue();
        assertThat(Glob.of("*").matches("a\nb")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[a", "[", "[]", "[!]", "{a", "{a,{b}}"})
    void malformedPatternsAreRefused(String pattern) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Glob.of(pattern))
                .withMessageContaining("'" + pattern + "' is malformed");
    }

    @Test
    void theLiteralPrefixEndsAtTheFirstSpecialCharacter() {
        assertThat(Glob.of("a/b*/c").literalPrefix()).isEqualTo("a/b");
        assertThat(Glob.of("a\\*b?").literalPrefix()).isEqualTo("a*b");
        assertThat(Glob.of("plain").literalPrefix()).isEqualTo("plain");
        assertThat(Glob.isPattern("plain/x")).isFalse();
        assertThat(Glob.isPattern("a[b]")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "*.csv d/x.csv true",
                "/*.csv d/x.csv false",
                "/*.csv x.csv true",
                "d/*.csv d/x.csv true",
                "d/*.csv e/d/x.csv false",
                "x d/x true",
                "d d/x false"
            })
    void includesMatchNamesOrWholePaths(String pattern, String path, boolean included) {
        DirectoryOptions options = DirectoryOptions.builder().include(pattern).build();
        assertThat(new Selection(options).contains(entry(path))).isEqualTo(included);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                ".git a/.git/x true",
                ".git a/.gitignore false",
                "build/ build/x/y true",
                "/build a/build/x false",
                "a/b a/b/c true",
                "*.tmp a/x.tmp true"
            })
    void excludesMatchDirectoriesToo(String pattern, String path, boolean excluded) {
        DirectoryOptions options = DirectoryOptions.builder().exclude(pattern).build();
        assertThat(new Selection(options).contains(entry(path))).isEqualTo(!excluded);
    }

    private static DirectoryEntry entry(String path) {
        return new DirectoryEntry(path, 1, Optional.empty());
    }
}
