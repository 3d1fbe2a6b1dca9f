package io.blobstore.server.internal.http;

import io.blobstore.server.internal.ServerMetrics;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;

/** Finds what is to be done about a request. */
final class Routes {
    private Routes() {}

    static Exchange exchange(Connection connection, HttpRequest head) {
        if (head.decoderResult().isFailure()) {
            return malformed(connection, head, head.decoderResult().cause());
        }
        if (head.protocolVersion().majorVersion() != 1) {
            return refusal(
                    connection, head, HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here", true);
        }
        int hosts = head.headers().getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1 || (hosts == 0 && head.protocolVersion().isKeepAliveDefault())) {
            return refusal(connection, head, HttpResponseStatus.BAD_REQUEST, "one header field 'Host' is needed", true);
        }
        return known(connection, head, Resource.parse(head.uri()));
    }

    private static Exchange malformed(Connection connection, HttpRequest head, Throwable cause) {
        HttpResponseStatus status = HttpResponseStatus.BAD_REQUEST;
        if (cause instanceof TooLongHttpLineException) {
            status = HttpResponseStatus.REQUEST_URI_TOO_LONG;
        } else if (cause instanceof TooLongHttpHeaderException || cause instanceof TooLongFrameException) {
            status = HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE;
        }
        return refusal(connection, head, status, "the request is malformed, or its head is too large", true);
    }

    private static Exchange known(Connection connection, HttpRequest head, Resource resource) {
        HttpMethod method = head.method();
        boolean reads = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
        if (resource instanceof Resource.Unknown) {
            return refusal(
                    connection,
                    head,
                    HttpResponseStatus.BAD_REQUEST,
                    "the resource must be [/PREFIX]/cas/HASH or [/PREFIX]/ac/HASH, with 64 lower-case hex digits",
                    false);
        }
        if (resource instanceof Resource.Page page) {
            return reads ? new PageAnswer(connection, head, page) : notAllowed(connection, head, "GET, HEAD");
        }
        Resource.Blob blob = (Resource.Blob) resource;
        if (reads) {
            return new Download(connection, head, blob);
        }
        if (!connection.endpoint().isWritable()) {
            return notAllowed(connection, head, "GET, HEAD");
        }
        return method.equals(HttpMethod.PUT)
                ? new Receipt(connection, head, blob)
                : notAllowed(connection, head, "GET, HEAD, PUT");
    }

    private static Exchange notAllowed(Connection connection, HttpRequest head, String allowed) {
        FullHttpResponse response =
                Responses.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "the method must be one of " + allowed);
        response.headers().set(HttpHeaderNames.ALLOW, allowed);
        return new Refusal(connection, head, response, false);
    }

    private static Exchange refusal(
            Connection connection, HttpRequest head, HttpResponseStatus status, String text, boolean unreadable) {
        return new Refusal(connection, head, Responses.text(status, text), unreadable);
    }

    /** Returns the kind of a request as it is counted: of few values, whatever clients send. */
    static ServerMetrics.Kind kind(HttpRequest head) {
        HttpMethod method = head.method();
        boolean known =
                method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD) || method.equals(HttpMethod.PUT);
        Resource resource = head.decoderResult().isFailure() ? Resource.UNKNOWN : Resource.parse(head.uri());
        return new ServerMetrics.Kind(
                HttpEndpoint.NAME,
                known ? method.name() : "other",
                resource instanceof Resource.Blob blob ? blob.keyspaceName() : "");
    }

    /** Returns what a request is about for the log: without a query, which may be anything. */
    static String printable(HttpRequest head) {
        if (head.decoderResult().isFailure()) {
            return "-";
        }
        String target = head.uri();
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        int authority = path.indexOf("://");
        return authority >= 0 && path.indexOf('/', authority + 3) > 0
                ? path.substring(path.indexOf('/', authority + 3))
                : path;
    }

    /** Returns whether a body comes with an encoding other than none. */
    static boolean isIdentity(HttpRequest head) {
        String encoding = head.headers().get(HttpHeaderNames.CONTENT_ENCODING);
        return encoding == null || HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(encoding.strip());
    }
}
