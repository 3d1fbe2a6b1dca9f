package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

/** What an application prints that does not start because of a store. */
@ExtendWith(OutputCaptureExtension.class)
class StoreFailureAnalyzerTest {
    /** Has the stores of its properties, and nothing else. */
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(BlobStoreAutoConfiguration.class)
    static class Application {}

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s3://bucket | Add the dependency io.blobstore:blobstore-s3, which opens s3: URIs.",
                "GS://bucket | Add the dependency io.blobstore:blobstore-gcs",
                "other://bucket | Set blobstore.stores.images.uri to the URI of a store",
                "file:/tmp?unknown=1 | Set blobstore.stores.images.uri to the URI of a store",
                "mem:%zz | at position",
                "'' | the store has no URI"
            })
    void theFailureSaysWhatToDo(String uri, String expected, CapturedOutput output) {
        start(uri);

        assertThat(output.getErr() + output.getOut())
                .contains("APPLICATION FAILED TO START")
                .contains("The store 'images' of the property 'blobstore.stores.images.uri' cannot be opened: ")
                .contains(expected);
    }

    @Test
    void credentialsInTheUriAreNotRepeated(CapturedOutput output) {
        start("s3://user:very-secret@bucket");

        assertThat(output.getErr() + output.getOut())
                .contains("must not carry credentials")
                .doesNotContain("very-secret");
    }

    @Test
    void aStoreThatCannotBeUsedIsNotAWrongUri() {
        Exception problem =
                new StoreConfigurationException("images", "file:/dir", new IOException("no such directory"));

        assertThat(new StoreFailureAnalyzer().analyze(problem).getDescription()).endsWith("no such directory");
        assertThat(new StoreFailureAnalyzer().analyze(problem).getAction())
                .startsWith("Check blobstore.stores.images.uri");
    }

    private static void start(String uri) {
        SpringApplication application = new SpringApplication(Application.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setRegisterShutdownHook(false);

        assertThat(catchThrowable(() -> application.run("--blobstore.stores.images.uri=" + uri)))
                .isNotNull();
    }
}
