package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.http.objects.UrlEncodedNames;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XmlPageTest {
    private static XmlPage page(String text) {
        return XmlPage.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void fieldsAndEntriesAreTheElementsBelowTheRoot() {
        XmlPage page = page("<?xml version='1.0'?><L xmlns='http://x'> <Name>n</Name>\n"
                + "<E><K> a<![CDATA[<b>]]></K><O><ID>1</ID><K>other</K></O><S>1</S><S>2</S></E><Empty/><T>true</T>"
                + "<E><K>c&amp;d</K></E></L>");

        assertThat(page.whole()).isTrue();
        assertThat(page.root()).isEqualTo("L");
        assertThat(page.fields()).isEqualTo(Map.of("Name", "n", "Empty", "", "T", "true"));
        assertThat(page.entries()).hasSize(2);
        assertThat(page.entries().get(0).fields()).containsEntry("K", " a<b>").containsEntry("S", "1");
        assertThat(page.entries().get(1).text("K")).contains("c&d");
        assertThat(page.entries().get(1).text("S")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "text", "<L><E><K>a</K></E>", "<!DOCTYPE L [<!ENTITY x 'y'>]><L>&x;</L>"})
    void whatIsNoXmlIsNotWhole(String text) {
        assertThat(page(text).whole()).isFalse();
    }

    @Test
    void aDocumentThatIsMuchLargerThanAPageIsNotWhole() {
        String names = IntStream.range(0, 1000).mapToObj(i -> "<n" + i + "/>").collect(Collectors.joining());

        assertThat(page("<L>" + "<E><K>a</K></E>".repeat(1000) + "</L>").whole())
                .isTrue();
        assertThat(page("<L>" + "<E><K>a</K></E>".repeat(20_000) + "</L>").whole())
                .isFalse();
        assertThat(page("<L>" + names + "</L>").whole()).isFalse();
        assertThat(page("<L>".repeat(100) + "</L>".repeat(100)).whole()).isFalse();
    }

    @Test
    void namesAreDecodedStrictly() {
        assertThat(UrlEncodedNames.decode("a+b%2B%2f%F0%9F%98%80\u00FC")).contains("a b+/\uD83D\uDE00\u00FC");
        for (String invalid : new String[] {"%", "%4", "a%4", "%zz", "%+1", "%FF", "%C0%80", "%ED%A0%80", "%F0%9F"}) {
            assertThat(UrlEncodedNames.decode(invalid)).as(invalid).isEmpty();
        }
        assertThat(UrlEncodedNames.decode(page("<L/>"), "100%")).contains("100%");
    }
}
