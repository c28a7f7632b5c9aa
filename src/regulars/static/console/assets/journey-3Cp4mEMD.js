const s={draft:"info",running:"success",paused:"warning",stopped:"danger",archived:"info"},a=new Set(["completed","exit","goal"]);function t(e,n){return n>0?e/n:0}export{t as a,a as m,s};
