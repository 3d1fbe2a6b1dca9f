package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.contract.Campaign;
import io.blobstore.spring.BlobResource;
import io.blobstore.spring.BlobResponse;
import io.blobstore.transfer.TransferManager;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** A whole application with a web server, as Spring Boot configures it from what is on the class path. */
@Timeout(60)
@Campaign(representedBy = BlobStoreAutoConfigurationTest.class)
class ApplicationTest {
    private final HttpClient client = HttpClient.newHttpClient();

    /** An application that has no configuration of its own. */
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Images.class)
    static class Application {}

    /** Serves the blobs of a store. */
    @RestController
    static final class Images {
        private final TransferManager transfers;
        private final BlobStore images;

        Images(TransferManager transfers, BlobStore images) {
            this.transfers = transfers;
            this.images = images;
        }

        @GetMapping("/images/{name}")
        void image(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            BlobResponse.send(new BlobResource(transfers, images, BlobKey.of(name)), request, response);
        }
    }

    @Test
    void blobsTheirHealthAndTheirMetricsAreServed() throws Exception {
        try (ConfigurableApplicationContext application = new SpringApplication(Application.class)
                .run(
                        "--server.port=0",
                        "--blobstore.stores.images.uri=mem:application-test",
                        "--management.endpoints.web.exposure.include=health,metrics",
                        "--management.endpoint.health.show-details=always")) {
            String root = "http://localhost:" + application.getEnvironment().getProperty("local.server.port");
            application
                    .getBean("images", BlobStore.class)
                    .store(BlobKey.of("a"), ByteBuffer.wrap("0123456789".getBytes()));

            HttpResponse<String> range = get(root + "/images/a", "Range", "bytes=3-5");
            assertThat(range.statusCode()).isEqualTo(206);
            assertThat(range.body()).isEqualTo("345");
            assertThat(range.headers().firstValue("Content-Range")).contains("bytes 3-5/10");
            assertThat(get(root + "/images/missing", "Accept", "*/*").statusCode())
                    .isEqualTo(404);
            assertThat(get(root + "/actuator/health", "Accept", "application/json")
                            .body())
                    .contains("\"blobstore\":{")
                    .contains("\"images\":{")
                    .contains("mem:application-test");
            assertThat(get(root + "/actuator/metrics/blobstore.requests", "Accept", "application/json")
                            .body())
                    .contains("mem:application-test", "\"operation\"");
        }
    }

    private HttpResponse<String> get(String uri, String field, String value) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(uri)).header(field, value).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
