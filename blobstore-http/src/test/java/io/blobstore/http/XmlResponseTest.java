package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the parser of XML responses: complete, truncated, and malicious ones. */
class XmlResponseTest {
    private static XmlResponse read(String text) {
        return XmlResponse.of(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void elementsBelowTheRootAreRead() {
        XmlResponse response = read("<?xml version=\"1.0\"?>\n<Error xmlns='urn:x'><Code>A &amp; B</Code><Empty/>"
                + "<Deep><Code>no</Code></Deep><Code>second</Code><Text><![CDATA[<x>]]>y</Text></Error>");

        assertThat(response.root()).isEqualTo("Error");
        assertThat(response.text("Code")).contains("A & B");
        assertThat(response.text("Empty")).contains("");
        assertThat(response.text("Text")).contains("<x>y");
        assertThat(response.text("None")).isEmpty();
        assertThat(response.whole()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<Error><Code>Slow</Code><Mess",
                "<Error><Code>Slow</Code><Message>come ba",
                "<Error><Code>Slow</Code>",
                "<Error><Code>Slow</Code></Err",
                "<Error><Code>Slow</Code></Other>",
                "<Error><Code>Slow</Code></Error><Error/>"
            })
    void elementsBeforeATruncationAreKept(String text) {
        XmlResponse response = read(text);

        assertThat(response.root()).isEqualTo("Error");
        assertThat(response.text("Code")).contains("Slow");
        assertThat(response.whole()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{}", "no", "<", "\u0000", "<!DOCTYPE x><x>"})
    void aBodyThatIsNotXmlHasNoElements(String text) {
        XmlResponse response = read(text);

        assertThat(response.elements()).isEmpty();
        assertThat(response.whole()).isFalse();
    }

    @Test
    void externalEntitiesAreNotRead(@TempDir Path directory) throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        XmlResponse response = read(
                "<!DOCTYPE Error [<!ENTITY e SYSTEM \"" + secret.toUri() + "\">]><Error><Code>x&e;</Code></Error>");

        assertThat(response.toString()).doesNotContain("secret\"").doesNotContain("=xsecret");
    }
}
