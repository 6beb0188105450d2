// What stood around the talk's chat.js: the room, and a dollar sign. The page of 2013 had all of jQuery for the dozen
// calls below.

window.room = /[?&]room=([^&]*)/.test(location.search) ? decodeURIComponent(RegExp.$1) : 'lobby';

// ?transport=xhr-polling leaves the client of 0.9 no choice.
if (/[?&]transport=([a-z-]+)/.test(location.search)) io.transports.splice(0, io.transports.length, RegExp.$1);

window.$ = function (what) {
    if (typeof what === 'function') {
        document.addEventListener('DOMContentLoaded', what);
        return;
    }
    var nodes;
    if (what.charAt(0) === '<') {
        // '<p>', or '<span>Online: </span>': an element with a text.
        var parts = /^<([a-z]+)>([^<]*)/.exec(what);
        var node = document.createElement(parts[1]);
        node.textContent = parts[2];
        nodes = [node];
    } else {
        nodes = [].slice.call(document.querySelectorAll(what));
    }

    function each(change) {
        return function (value) {
            nodes.forEach(function (node) { change(node, value); });
            return $nodes;
        };
    }

    var $nodes = {
        nodes: nodes,
        addClass: each(function (node, name) { node.classList.add(name); }),
        append: each(function (node, more) { more.nodes.forEach(function (child) { node.appendChild(child); }); }),
        empty: each(function (node) { node.textContent = ''; }),
        remove: each(function (node) { node.parentNode.removeChild(node); }),
        show: each(function (node) { node.hidden = false; }),
        submit: each(function (node, handler) {
            node.addEventListener('submit', function (event) {
                event.preventDefault();
                handler();
            });
        }),
        text: each(function (node, text) { node.textContent = text; }),
        val: function (value) {
            if (value === undefined) return nodes[0].value;
            nodes[0].value = value;
            return $nodes;
        }
    };
    return $nodes;
};
